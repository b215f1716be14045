"""What a sitting costs, on the disk of the folder for temporary files: docs/exam-reliability.md.

python -m benchmarks.sitting
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from grader.sitting import Log, ManualClock, Sitting, bundle, exam, rules

ROOT = Path(__file__).parent.parent
SOURCE = (ROOT / "grader/documents.py").read_text("utf-8").splitlines(keepends=True)
KEY = bytes(32)
SNAPSHOTS = 540
"""Three hours, one each 20 s."""
BEATS = 720


def cost(call: Callable[[], object], times: int) -> str:
    """Time of one call; the least says more than the rest where other work goes on."""
    taken, cpu = [], time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1e3)
    cpu = (time.process_time() - cpu) / times * 1e3
    least, middle, most = (
        min(taken),
        statistics.median(taken),
        statistics.quantiles(taken, n=20)[-1],
    )
    return f"least {least:.1f}, median {middle:.1f}, 95 % below {most:.1f} ms; CPU {cpu:.1f} ms"


def flush(path: Path) -> None:
    """The least that a durable write can cost here."""
    with path.open("ab") as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


def sit(folder: Path) -> Sitting:
    """A new sitting with an open part, on a clock that a test moves."""
    clock = ManualClock()
    sitting = Sitting.create(
        folder / "sitting.sqlite3",
        exam.load(ROOT / "exams/exit-1"),
        "ada",
        KEY,
        seed=1,
        work=folder,
        clock=clock,
        accommodation=exam.Accommodation(factor=2),
    )
    sitting.open("build")
    return sitting


def main() -> None:
    """Print one line for each figure; a snapshot is 45 lines that change each time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sitting, count = sit(folder), iter(range(10**6))

        def save() -> None:
            n = next(count)
            sitting.clock.advance(20)
            (folder / "build.py").write_text("".join(SOURCE[n % 40 :][:44]) + f"# {n}\n")
            sitting.snapshot("build")

        print(f"write and flush 4 KiB: {cost(lambda: flush(folder / 'plain'), 100)}")
        print(f"durable snapshot: {cost(save, SNAPSHOTS)}")
        path = sitting.log.path
        print(f"{SNAPSHOTS} snapshots: {path.stat().st_size / 1024:.0f} KiB")
        print(f"replay of them: {cost(lambda: rules.fold(Log(path).new()), 10)}")
        print(f"verify them: {cost(lambda: sitting.log.verify(KEY), 10)}")
        for _ in range(BEATS):
            sitting.beat()
        print(f"and {BEATS} beats: {path.stat().st_size / 1024:.0f} KiB")
        print(f"replay of all: {cost(lambda: rules.fold(Log(path).new()), 10)}")
        bundle.write(sitting.log, folder / "a.bundle")
        print(f"as a bundle: {(folder / 'a.bundle').stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
