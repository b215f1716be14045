"""The course in this repository is well formed, and proves itself where that is quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import authoring, catalogue, engine
from grader.model import Status

ROOT = Path(__file__).parent.parent
COURSE = catalogue.load(ROOT)
QUICK = [each for each in COURSE.exercises if not each.trains]
TRAINING = [each for each in COURSE.exercises if each.trains]
BY_SLUG = {"argvalues": COURSE.exercises, "ids": lambda each: each.slug}


@pytest.mark.parametrize("exercise", COURSE.exercises, ids=lambda each: each.slug)
def test_every_exercise_has_its_files(exercise):
    assert authoring._files(exercise) == ""


@pytest.mark.parametrize("exercise", QUICK, ids=lambda each: each.slug)
def test_a_quick_exercise_proves_itself(exercise, isolation):
    problems = [proof for proof in authoring.prove(exercise, isolation) if proof.problem]
    assert not problems


@pytest.mark.parametrize("exercise", TRAINING, ids=lambda each: each.slug)
def test_the_reference_of_a_training_exercise_passes_within_its_limits(exercise, isolation):
    source = authoring.submission_of(exercise, exercise.solution / "reference.py", 1)
    verdict = engine.grade(exercise, source, isolation, seed=1)
    assert verdict.passed and not authoring.failures(verdict)
    assert not authoring.over_limits(exercise, verdict)


@pytest.mark.parametrize("exercise", TRAINING, ids=lambda each: each.slug)
def test_the_stub_of_a_training_exercise_fails(exercise, isolation):
    verdict = engine.grade(exercise, catalogue.read_submission(exercise.stub), isolation)
    assert verdict.score == 0 and verdict.exit_code == 1


def mistakes():
    return [(exercise, each) for exercise in TRAINING for each in catalogue.mistakes(exercise)]


@pytest.mark.parametrize(
    ("exercise", "mistake"),
    mistakes(),
    ids=lambda each: getattr(each, "name", getattr(each, "slug", "")),
)
def test_a_mistake_in_training_is_refused_by_the_check_that_it_names(exercise, mistake, isolation):
    source = authoring.submission_of(exercise, mistake.path, 1)
    verdict = engine.grade(exercise, source, isolation, seed=1)
    refused = {o.check.split("[")[0] for o in verdict.outcomes if o.status is not Status.PASSED}
    assert not verdict.passed and not verdict.faults and mistake.check in refused
