"""What a class costs: `grade bulk` over N submissions of the tests' own exercise.

python -m benchmarks.bulk 100 1000

Seconds depend on what else the machine does; the CPU seconds, the memory and the ratios do so less.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from grader.ledger import Ledger

ROOT = Path(__file__).parent.parent
COURSE = ROOT / "tests/course"
SLUG, UNIT = "softmax", "basics"
SAMPLE_S = 1.0


class Cost(NamedTuple):
    """Of one run."""

    count: int
    wall_s: float
    cpu_s: float
    """Of supervisor and slots."""
    box_cpu_s: float
    """Of the submissions, as their verdicts say."""
    peak_mb: float
    """Of all processes together, shared pages counted once."""
    first_s: float
    last_s: float
    """Mean of the verdicts' seconds over the first and the last tenth."""


def generate(folder: Path, count: int) -> None:
    """Right and wrong answers in turns, no two alike."""
    solution = COURSE / "solutions" / UNIT / SLUG
    texts = [solution / "reference.py", *sorted((solution / "mistakes").glob("*.py"))]
    for number in range(count):
        place = folder / f"learner{number:05}"
        place.mkdir(parents=True)
        text = texts[number % len(texts)].read_text("utf-8")
        (place / f"{SLUG}.py").write_text(f"{text}\n# {number}\n", "utf-8")


def measure(count: int, slots: int = 1) -> Cost:
    """Grade that many."""
    with tempfile.TemporaryDirectory() as name:
        given, results = Path(name) / "class", Path(name) / "results"
        generate(given, count)
        command = [sys.executable, "-P", "-m", "grader", "bulk", str(given), "-o", str(results)]
        before, began, peak = _children_cpu_s(), time.monotonic(), 0.0
        with subprocess.Popen(
            [*command, "-j", str(slots), "--course", str(COURSE)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while process.poll() is None:
                peak = max(peak, sum(map(_pss_mb, _tree(process.pid))))
                time.sleep(SAMPLE_S)
        wall_s, cpu_s = time.monotonic() - began, _children_cpu_s() - before
        ledger = Ledger(results)
        verdicts = [ledger.read(row.path) for row in ledger.attempts()]
    assert len(verdicts) == count and process.returncode == 0
    tenth = max(1, count // 10)
    seconds = [each.seconds for each in verdicts]
    return Cost(
        *(count, wall_s, cpu_s),
        sum(outcome.cpu_s for each in verdicts for outcome in each.outcomes),
        *(peak, sum(seconds[:tenth]) / tenth, sum(seconds[-tenth:]) / tenth),
    )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        tasks = [int(each) for each in text.split()]
        for task in Path(f"/proc/{pid}/task").iterdir():  # a slot is the child of a thread
            if task.name != str(pid):
                tasks += [int(each) for each in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(each for child in tasks for each in _tree(child))]


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    except OSError:
        return 0.0


def main() -> None:
    """One row for each number of submissions, and ratios to the first."""
    costs = []
    for argument in sys.argv[1:] or ["100", "1000"]:
        costs.append(cost := measure(int(argument)))
        n = cost.count
        print(
            f"{n} submissions: {60 * n / cost.wall_s:.0f} a minute,"
            f" {cost.cpu_s / n:.3f} + {cost.box_cpu_s / n:.3f} CPU s each (grader + submission),"
            f" {cost.first_s:.2f} s each at first, {cost.last_s:.2f} s at last,"
            f" peak {cost.peak_mb:.0f} MB",
            flush=True,
        )
    first = costs[0]
    for cost in costs[1:]:
        each, at_first = ((c.cpu_s + c.box_cpu_s) / c.count for c in (cost, first))
        print(
            f"{cost.count} against {first.count}: {each / at_first:.2f}x the CPU each,"
            f" {cost.peak_mb / first.peak_mb:.2f}x the memory"
        )


if __name__ == "__main__":
    main()
