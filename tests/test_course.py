"""The course in this repository is well formed, and proves itself where that is quick."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from grader import authoring, catalogue

ROOT = Path(__file__).parent.parent
COURSE = catalogue.load(ROOT)
LEFT_OUT = ("reference at", "reference, seed 2", "reference, seed 3")
LEFT_OUT += ("reference, seed 4", "reference, seed 5")
"""Half an hour of what changes only with an exercise itself; `make catalogue` does them."""
EACH = 4
"""Of an exercise that trains, one mistake in so many is tried here; `make catalogue` tries all."""


def trials():
    for exercise in COURSE.exercises:
        left_out = (*LEFT_OUT, "accepted") if exercise.trains else LEFT_OUT
        mistakes = [f"mistake {each.name}" for each in catalogue.mistakes(exercise)]
        untried = {name for n, name in enumerate(mistakes) if exercise.trains and n % EACH}
        for trial in authoring.trials(exercise):
            if not trial.what.startswith(left_out) and trial.what not in untried:
                yield pytest.param(exercise, trial, id=f"{exercise.slug}: {trial.what}")


@pytest.fixture(scope="module")
def bench_of(isolation):
    """A warm box for the exercise at hand, which is mostly that of the trial before."""
    with ExitStack() as open_now:
        last = {}

        def lend(exercise):
            if exercise.slug not in last:
                open_now.close()
                last.clear()
                last[exercise.slug] = open_now.enter_context(authoring.bench(exercise, isolation))
            return last[exercise.slug]

        yield lend


@pytest.mark.parametrize(("exercise", "trial"), list(trials()))
def test_an_exercise_stands_its_trials(exercise, trial, bench_of):
    assert trial.problem(bench_of(exercise)) == ""


def test_every_exercise_can_be_graded_by_its_name_alone():
    """`grade SLUG` and `grade show UNIT` mean one thing each."""
    from grader.cli import cli

    slugs = {each.slug for each in COURSE.exercises}
    assert not slugs & (set(cli.commands) | {unit.slug for unit in COURSE.units})
