"""What a class costs: `grade bulk` over N submissions of one exercise.

python -m benchmarks.bulk 100 1000               the softmax of the tests, with one slot
python -m benchmarks.bulk --trivial -j 2 10000   an exercise that costs next to nothing
python -m benchmarks.bulk --slots 300            the same class with one slot, then with two

Seconds depend on what else the machine does; the CPU seconds, the memory and the ratios do so less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import processes
from benchmarks.processes import Sample, program
from grader import catalogue
from grader.ledger import Ledger
from grader.model import Exercise

ROOT = Path(__file__).parent.parent
SOFTMAX, TRIVIAL = ROOT / "tests/course", ROOT / "benchmarks/trivial"


class Cost(NamedTuple):
    """Of one class."""

    count: int
    wall_s: float
    cpu_s: float
    """Of the grader and the submissions together."""
    peak_mb: float
    """Of all processes together, shared pages counted once."""
    tenths: tuple[tuple[float, float], ...]
    """CPU seconds of each submission, and the peak MB, in the first tenth of them and the last."""
    index_ms: float
    """Until the index has listed every attempt; median."""


def generate(folder: Path, exercise: Exercise, count: int) -> None:
    """Right and wrong answers in turns, no two alike."""
    mistakes = [catalogue.source(exercise, each.path) for each in catalogue.mistakes(exercise)]
    wrong = mistakes or [exercise.stub.read_text("utf-8")]
    texts = [(exercise.solution / "reference.py").read_text("utf-8"), *wrong]
    for number in range(count):
        place = folder / f"learner{number:05}"
        place.mkdir(parents=True)
        text = texts[number % len(texts)]
        (place / f"{exercise.slug}.py").write_text(f"{text}\n# {number}\n", "utf-8")


def measure(root: Path, count: int, slots: int = 1) -> Cost:
    """Grade so many submissions of a course's first exercise."""
    exercise = catalogue.load(root).exercises[0]
    with tempfile.TemporaryDirectory() as name:
        given, results = Path(name, "class"), Path(name, "results")
        generate(given, exercise, count)
        records = results / "results"
        words = (f"{given}", "-o", f"{results}", "-j", f"{slots}", "--course", f"{root}")
        cost = processes.run(
            program("grader", "bulk", *words),
            done=lambda: sum(1 for _ in os.scandir(records)) if records.exists() else 0,
        )
        ledger = Ledger(results)
        assert len(ledger.attempts()) == count
        index_ms = 1000 * statistics.median(_seconds(ledger) for _ in range(9))
    tenths = _part(cost.samples, 0, count // 10), _part(cost.samples, count - count // 10, count)
    return Cost(count, *cost[:3], tenths, index_ms)


def _part(samples: tuple[Sample, ...], first: int, last: int) -> tuple[float, float]:
    """CPU seconds of each submission from one to another, and the peak MB meanwhile."""
    began = next(each for each in samples if each.done >= first)
    ended = next(each for each in samples if each.done >= last)
    within = [each.mb for each in samples if first <= each.done <= last]
    return (ended.cpu_s - began.cpu_s) / max(1, ended.done - began.done), max(within, default=0)


def _seconds(ledger: Ledger) -> float:
    began = time.perf_counter()
    ledger.attempts()
    return time.perf_counter() - began


def _tell(cost: Cost, slots: int) -> None:
    n, ((first_s, first_mb), (last_s, last_mb)) = cost.count, cost.tenths
    print(
        f"{n} submissions, -j {slots}: {60 * n / cost.wall_s:.0f} a minute,"
        f" {cost.cpu_s / n:.3f} CPU s each, peak {cost.peak_mb:.0f} MB\n"
        f"    first tenth {first_s:.3f} CPU s each, {first_mb:.0f} MB;"
        f" last tenth {last_s:.3f} CPU s each, {last_mb:.0f} MB;"
        f" the index answers in {cost.index_ms:.0f} ms; {processes.load()}",
        flush=True,
    )


def main() -> None:
    """Print what each class costs, and ratios to the first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk")
    parser.add_argument("counts", nargs="+", type=int, metavar="COUNT")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--trivial", action="store_true", help="an exercise without real work")
    parser.add_argument("--slots", action="store_true", help="one slot against two, in turns")
    asked = parser.parse_args()
    root = TRIVIAL if asked.trivial else SOFTMAX
    jobs = (1, 2) if asked.slots else (asked.jobs,)
    costs = []
    for count in asked.counts:
        for slots in jobs:
            costs.append(measure(root, count, slots))
            _tell(costs[-1], slots)
    first = costs[0]
    for cost in costs[1:]:
        each, at_first = (c.cpu_s / c.count for c in (cost, first))
        speed = (cost.count / cost.wall_s) / (first.count / first.wall_s)
        print(
            f"{cost.count} against {first.count}: {each / at_first:.2f}x the CPU each,"
            f" {cost.peak_mb / first.peak_mb:.2f}x the memory, {speed:.2f}x as fast"
        )


if __name__ == "__main__":
    main()
