"""Is the same submission, at the same seed, always judged the same?

    python tools/determinism.py                        every exercise: reference and mistakes
    python tools/determinism.py softmax sums/first     one exercise; one file of another one
    python tools/determinism.py --times 3 --course tests/course

Two processes grade everything, one in the opposite order and with another hash seed of Python.
Statuses, messages, counterexamples, named mistakes, measures, and curves must not differ; seconds
and megabytes may. Exit code 1 if something does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from grader import authoring, box, catalogue, engine
from grader.authoring import Bench
from grader.model import Exercise

SEED = 1
MAY_DIFFER = {"seconds", "cpu_s", "peak_mb"}


def files(course: Path, chosen: list[str]) -> list[tuple[Exercise, Path]]:
    """The files to grade: all, or those of the exercises and files that were named."""
    found = []
    for exercise in catalogue.load(course).exercises:
        mistakes = [each.path for each in catalogue.mistakes(exercise)]
        for path in (exercise.reference, *mistakes):
            if not chosen or {exercise.slug, f"{exercise.slug}/{path.stem}"} & set(chosen):
                found.append((exercise, path))
    return found


def graded(exercise: Exercise, path: Path, warm: Bench) -> dict[str, Any]:
    """What a verdict says, by check."""
    submission = engine.submission_of(exercise, path, SEED)
    verdict = engine.grade(exercise, submission, warm.isolation, seed=SEED, box=warm.box)
    outcomes = [each.model_dump(mode="json", exclude=MAY_DIFFER) for each in verdict.outcomes]
    return {each["check"]: each for each in outcomes}


def differences(verdicts: list[dict[str, Any]]) -> Iterator[str]:
    """One sentence for each field of a check that is not the same in all verdicts."""
    for check in sorted({check for verdict in verdicts for check in verdict}):
        rows = [verdict.get(check, {}) for verdict in verdicts]
        for field in sorted({field for row in rows for field in row}):
            texts = [json.dumps(row.get(field)) for row in rows]
            if len(set(texts)) > 1:
                counted = sorted((texts.count(text), text[:200]) for text in set(texts))
                yield f"{check}, {field}: " + " / ".join(f"{n} x {text}" for n, text in counted)


def grade_here(options: argparse.Namespace) -> None:
    """Print one line of JSON for each file: its name and its verdicts."""
    isolation = box.isolation()
    wanted = files(options.course, options.files)
    if options.reversed:
        wanted.reverse()
    for exercise, paths in groupby(wanted, key=lambda pair: pair[0]):
        with authoring.bench(exercise, isolation) as warm:
            for _, path in paths:
                verdicts = [graded(exercise, path, warm) for _ in range(options.times)]
                print(json.dumps([f"{exercise.slug}/{path.stem}", verdicts]), flush=True)


def compare(options: argparse.Namespace) -> int:
    """Grade in two processes and print what differs; the number of files that do."""
    verdicts = defaultdict(list)
    halves = (options.times - options.times // 2, options.times // 2)
    command = [sys.executable, __file__, "--here", "--course", str(options.course), *options.files]
    children = []
    for half, times in enumerate(halves):
        more = ["--times", str(times), *["--reversed"] * half]
        hashing = {**os.environ, "PYTHONHASHSEED": str(half + 1)}
        printed = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a pipe would fill up
        children.append((subprocess.Popen([*command, *more], env=hashing, stdout=printed), printed))
    broken = sum(child.wait() != 0 for child, _ in children)
    for _, printed in children:
        printed.seek(0)
        for line in printed:
            name, rows = json.loads(line)
            verdicts[name] += rows
    wrong = 0
    for name, rows in verdicts.items():
        found = list(differences(rows))
        wrong += bool(found)
        print(f"{name}: {len(rows)} times", *(found or ["all alike"]), sep="\n    ")
    print(f"{len(verdicts)} files, {wrong} judged differently")
    return wrong + broken + (not verdicts)


def main() -> None:
    """Read the arguments; grade here, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="SLUG or SLUG/FILE; all where none is named")
    parser.add_argument("--course", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--reversed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        grade_here(options)
    else:
        sys.exit(compare(options) > 0)


if __name__ == "__main__":
    main()
