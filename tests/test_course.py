"""The course in this repository is well formed, and proves itself where that is quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import authoring, catalogue

ROOT = Path(__file__).parent.parent
COURSE = catalogue.load(ROOT)
SKIPPED_IN_TRAINING = ("reference at", "reference, seed 2", "reference, seed 3")
SKIPPED_IN_TRAINING += ("reference, seed 4", "reference, seed 5", "accepted")
"""Minutes of training; `make catalogue` does them."""


def trials():
    for exercise in COURSE.exercises:
        for trial in authoring.trials(exercise):
            if not (exercise.trains and trial.what.startswith(SKIPPED_IN_TRAINING)):
                yield pytest.param(trial, id=f"{exercise.slug}: {trial.what}")


@pytest.mark.parametrize("trial", trials())
def test_an_exercise_stands_its_trials(trial, isolation):
    assert trial.problem(isolation) == ""
