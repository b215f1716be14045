"""The same submission at the same seed gets the same verdict, in any process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import determinism  # noqa: E402

from grader.model import Measure, Outcome  # noqa: E402

ROW = {"check_it": {"status": "failed", "message": "got 1"}}


def test_the_course_of_the_tests_is_always_judged_the_same():
    command = [sys.executable, ROOT / "tools/determinism.py", "--course", COURSE, "--times", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 files, 0 judged differently" in done.stdout


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (ROW, []),
        (
            {"check_it": {"status": "failed", "message": "got 2"}},
            ['check_it, message: 1 x "got 1" / 1 x "got 2"'],
        ),
        (
            {"check_it": {"status": "passed", "message": "got 1"}},
            ['check_it, status: 1 x "failed" / 1 x "passed"'],
        ),
        (
            {},
            [
                'check_it, message: 1 x "got 1" / 1 x null',
                'check_it, status: 1 x "failed" / 1 x null',
            ],
        ),
    ],
    ids=["alike", "message", "status", "missing"],
)
def test_what_differs_is_said(other, said):
    assert list(determinism.differences([ROW, other])) == said


def timed(status, gain, measured="CPU time of Slow by that of your Fast"):
    """What is compared of a check that measured a gain."""
    measure = Measure(name=measured, value=gain, bar=8.0)
    return determinism.comparable(
        Outcome(
            check="check_it", claim="", status=status, message=f"{gain} times", measures=(measure,)
        )
    )


def test_only_the_numbers_that_a_clock_gave_may_differ():
    assert timed("failed", 5.9) == timed("failed", 6.1)
    assert timed("failed", 5.9) != timed("passed", 5.9)
    assert timed("failed", 5.9, "accuracy") != timed("failed", 6.1, "accuracy")


@pytest.mark.parametrize(
    ("printed", "alike"),
    [
        ("W1122 12:44:58.337000 4556] it recompiles (id=0x7effe5cf04d0)\n", True),
        ("W1122 12:44:35.883000 4502] it does not\n", False),
        ("", False),
    ],
)
def test_the_numbers_in_what_was_printed_may_differ(printed, alike):
    first, second = (
        determinism.comparable(Outcome(check="check_it", claim="", status="failed", printed=text))
        for text in ("W1122 12:44:35.883000 4502] it recompiles (id=0x7effe5baab10)\n", printed)
    )
    assert (first == second) is alike


def test_one_file_of_an_exercise_can_be_chosen():
    chosen = determinism.files(COURSE, ["sums/first", "softmax/reference"])
    assert [path.stem for _, path in chosen] == ["reference", "first"]


def test_what_was_graded_often_enough_is_recorded_and_not_graded_again(monkeypatch, tmp_path):
    graded = []
    monkeypatch.setattr(determinism, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(
        determinism, "compare", lambda _, slugs, times: graded.extend(slugs) or (5, 0)
    )
    assert determinism.record(COURSE, ["sums"], 20) == 0
    assert determinism.record(COURSE, [], 20) == 0
    assert sorted(graded) == ["softmax", "sums"], "what is recorded is left out"
    text = determinism.PAGE.read_text()
    assert "2 of 2 exercises, 10 files, 200 gradings, 0 files judged differently." in text
    determinism.record(COURSE, [], 21)
    assert len(graded) == 4, "and graded again where it was not often enough"


def test_an_exercise_that_was_edited_or_judged_differently_is_graded_again(monkeypatch, tmp_path):
    monkeypatch.setattr(determinism, "PAGE", tmp_path / "page.md")
    graded = []
    monkeypatch.setattr(
        determinism, "compare", lambda _, slugs, times: graded.extend(slugs) or (5, 1)
    )
    assert determinism.record(COURSE, ["sums"], 2) == 1
    assert determinism.record(COURSE, ["sums"], 2) == 1
    monkeypatch.setattr(
        determinism, "compare", lambda _, slugs, times: graded.extend(slugs) or (5, 0)
    )
    assert determinism.record(COURSE, ["sums"], 2) == 0
    monkeypatch.setattr(determinism, "content", lambda exercise: "edited")
    assert determinism.record(COURSE, ["sums"], 2) == 0
    assert graded == ["sums"] * 4
