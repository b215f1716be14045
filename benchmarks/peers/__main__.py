"""Grade the same twenty submissions with otter-grader, nbgrader and `grade bulk`, and compare.

python -m benchmarks.peers [ROUNDS]

The peers are installed at pinned versions into an environment of their own, below the cache
folder. Each tool gets two workers and one thread for each. Ours isolates every check in the strict
box; theirs run without any isolation, which is their fastest way. What is prepared once for an
assignment is not counted; starting the tool is.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import platformdirs

from benchmarks import processes
from benchmarks.peers import formats
from benchmarks.peers.formats import ASSIGNMENT, COURSE, LEARNERS
from benchmarks.processes import Cost, program
from grader import box
from grader.ledger import Ledger
from grader.model import Status

HERE = Path(__file__).parent
SLOTS = 2
LARGE = 100
"""Submissions of a class over which starting is spread; the peers start anew for each."""
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Marks = dict[str, dict[str, bool]]
"""By learner and check: whether it passed."""


class Result(NamedTuple):
    """What a tool cost, and what it said."""

    cost: Cost
    marks: Marks


def environment() -> Path:
    """The Python of the peers; they are installed if they are not there yet."""
    folder = Path(platformdirs.user_cache_dir("torch-grader", False), "peers")
    python, wanted = folder / "bin/python", HERE / "requirements.txt"
    installed = folder / "requirements.txt"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        venv.create(folder, with_pip=True)
        install = [f"{python}", "-m", "pip", "install", "-q"]
        torch = next(line for line in wanted.read_text().split() if line.startswith("torch=="))
        subprocess.run([*install, torch], check=True)
        subprocess.run([*install, "-r", f"{wanted}"], check=True)
        installed.write_text(wanted.read_text())
    return python


def halves(names: list[str]) -> list[list[str]]:
    """The work of each worker."""
    return [names[number::SLOTS] for number in range(SLOTS)]


def at_once(*commands: list[str]) -> list[str]:
    """One command that runs all, and fails where one of them does."""
    program = (
        "import subprocess, sys, json\n"
        "running = [subprocess.Popen(each) for each in json.loads(sys.argv[1])]\n"
        "sys.exit(max(each.wait() for each in running))"
    )
    return [sys.executable, "-c", program, json.dumps(commands)]


def theirs(python: Path) -> dict[str, str]:
    """What their programs run with: they call others of their environment by name."""
    return ONE_THREAD | {"PATH": f"{python.parent}:{os.environ['PATH']}"}


def ours(folder: Path, _: Path, count: int = LEARNERS) -> Result:
    given, results = folder / "class", folder / "results"
    formats.write_ours(given, count)
    words = (f"{given}", "-o", f"{results}", "-j", f"{SLOTS}", "--course", f"{COURSE}")
    cost = processes.run(program("grader", "bulk", *words), env=ONE_THREAD)
    marks: Marks = {}
    ledger = Ledger(results)
    for row in ledger.attempts():
        for outcome in ledger.read(row.path).outcomes:
            if outcome.check.startswith("check_"):
                name = f"{row.exercise}.{outcome.check}"
                passed = outcome.status is Status.PASSED
                marks.setdefault(row.learner, {})[name] = passed
    return Result(cost, marks)


def otter(folder: Path, python: Path) -> Result:
    formats.write_otter(folder)
    work = halves([f"{folder / each.name}.ipynb" for each in formats.learners()])
    targets = [folder / f"marks{number}.json" for number in range(SLOTS)]
    grade = [f"{python}", f"{HERE / 'theirs/otter_bulk.py'}", f"{folder / 'autograder.zip'}"]
    commands = [[*grade, f"{to}", *some] for to, some in zip(targets, work, strict=True)]
    cost = processes.run(at_once(*commands), env=theirs(python))
    return Result(cost, _joined(targets))


def nbgrader(folder: Path, python: Path) -> Result:
    """A course folder for each worker, because two processes would wait for one database."""
    env = theirs(python)
    places = [folder / f"course{number}" for number in range(SLOTS)]
    everybody = formats.learners()
    command = [f"{python}", "-m", "nbgrader"]
    for number, place in enumerate(places):
        formats.write_nbgrader(place, everybody[number::SLOTS])
        make = [*command, "generate_assignment", ASSIGNMENT, "--course-dir", f"{place}"]
        subprocess.run([*make, "--log-level", "ERROR"], cwd=place, env=env, check=True)
    grade = [*command, "autograde", ASSIGNMENT, "--log-level", "ERROR", "--course-dir"]
    cost = processes.run(at_once(*([*grade, f"{place}"] for place in places)), env=env)
    targets = [place / "marks.json" for place in places]
    read = [f"{python}", f"{HERE / 'theirs/nbgrader_marks.py'}"]
    for place, target in zip(places, targets, strict=True):
        words = (f"{place / 'gradebook.db'}", ASSIGNMENT, f"{target}")
        subprocess.run([*read, *words], env=env, check=True)
    return Result(cost, _joined(targets))


def _joined(targets: list[Path]) -> Marks:
    found: Marks = {}
    for each in targets:
        found |= json.loads(each.read_text())
    return found


TOOLS: dict[str, Callable[[Path, Path], Result]] = {
    "grade bulk": ours,
    "nbgrader": nbgrader,
    "otter-grader": otter,
}


def disagreements(results: dict[str, Result]) -> list[str]:
    """Every mark in which a tool differs from ours, in words."""
    mine = results["grade bulk"].marks
    return [
        f"{tool}: {learner} {check} {other}, ours {mine[learner].get(check)}"
        for tool, result in results.items()
        for learner, marks in result.marks.items()
        for check, other in marks.items()
        if mine[learner].get(check) != other
    ] + [
        f"{tool}: {len(result.marks)} learners, {sum(map(len, result.marks.values()))} marks"
        for tool, result in results.items()
        if sum(map(len, result.marks.values())) != sum(map(len, mine.values()))
    ]


def main() -> None:
    """Run all tools in turns and print a table of medians."""
    rounds = int(sys.argv[1]) if sys.argv[1:] else 1
    python, costs = environment(), {tool: [] for tool in TOOLS}
    for _ in range(rounds):
        results = {}
        for tool, grade in TOOLS.items():
            with tempfile.TemporaryDirectory() as name:
                results[tool] = grade(Path(name, "work"), python)
            costs[tool].append(results[tool].cost)
            cost = results[tool].cost
            print(f"{tool}: {cost.wall_s:.0f} s, {cost.cpu_s:.0f} CPU s; {processes.load()}")
        wrong = disagreements(results)
        marks = sum(map(len, results["grade bulk"].marks.values()))
        print(f"{marks} marks of {LEARNERS} submissions, {len(wrong)} disagreements")
        print(*wrong, sep="\n")
    _table({tool: _median(each) for tool, each in costs.items()})
    with tempfile.TemporaryDirectory() as name:
        cost = ours(Path(name, "work"), python, LARGE).cost
    speed, used = 60 * LARGE / cost.wall_s, cost.cpu_s / LARGE
    print(f"\n`grade bulk` with {LARGE} submissions: {speed:.1f} a minute, {used:.2f} CPU s each")


def _median(costs: list[Cost]) -> Cost:
    columns = zip(*(each[:3] for each in costs), strict=True)
    return Cost(*map(statistics.median, columns), samples=())


def _table(costs: dict[str, Cost]) -> None:
    mine = costs["grade bulk"]
    print(f"\nlevel {box.isolation().level}, {SLOTS} workers each\n")
    print("| | submissions a minute | ours is | CPU s each | ours takes | peak memory | |")
    print("|---|---|---|---|---|---|---|")
    for tool, cost in costs.items():
        wall, cpu, memory = (a / b for a, b in zip(cost[:3], mine[:3], strict=True))
        speed = f"{60 * LEARNERS / cost.wall_s:.1f} | {wall:.1f}x as fast"
        used = f"{cost.cpu_s / LEARNERS:.2f} | 1/{cpu:.1f}"
        print(f"| {tool} | {speed} | {used} | {cost.peak_mb:.0f} MB | {memory:.1f}x |")


if __name__ == "__main__":
    main()
