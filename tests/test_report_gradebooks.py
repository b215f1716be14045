"""Gradebooks: Canvas, Moodle, nbgrader, LTI, and our own table."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import sample_verdicts as sample
from drawn_verdicts import ALL, DRAWN, KIT, MANY, rows, strictly, write
from hypothesis import given
from jsonschema import Draft202012Validator

BOB = sample.CNN.model_copy(update={"learner": "bob"})
CLASS = (sample.GPT, sample.CNN, BOB, sample.FAULT, KIT)


def test_canvas_gets_its_five_columns_and_the_row_of_points():
    head, points, ada, bob = rows(write("canvas", *CLASS))
    assert head[:4] == ["Student", "ID", "SIS Login ID", "Section"]
    assert head[4:] == ["train_gpt", "cnn_mnist", "layer_norm", "kit"]
    assert points == ["Points Possible", "", "", "", "40", "40", "10", "40"]
    assert ada == ["ada", "", "ada", "", "40", "16", "", ""]
    assert bob == ["bob", "", "bob", "", "", "16", "", ""]


@DRAWN
@given(verdicts=MANY)
def test_canvas_reads_one_row_of_points_whatever_a_learner_is_called(verdicts):
    table = rows(write("canvas", *verdicts))
    assert [n for n, row in enumerate(table) if "Points Possible" in row[0]] == [1]
    assert len({len(row) for row in table}) == 1


def test_the_last_attempt_counts():
    later = sample.CNN.model_copy(update={"points": 80})
    assert rows(write("canvas", sample.CNN, later))[2][4:] == ["32"]


def test_moodle_gets_a_grade_and_its_feedback_beside_it():
    head, ada, bob = rows(write("moodle", *CLASS))
    assert head[:3] == ["Username", "train_gpt", "train_gpt (feedback)"]
    assert ada[:3] == ["ada", "40", "train_gpt: PASSED, 40 of 40 points"]
    assert bob[:3] == ["bob", "", ""]
    assert ada[5] == "" and "GRADER FAULT" in ada[6]


def test_nbgrader_gets_the_columns_of_its_own_export():
    head, first, *_ = rows(write("nbgrader", *CLASS))
    assert head == (
        "assignment duedate timestamp student_id last_name first_name email raw_score"
        " late_submission_penalty score max_score".split()
    )
    assert first[:4] == ["train_gpt", "", "2026-11-20 14:03:11.000000", "ada"]
    assert first[7:] == ["40", "0", "40", "40"]


ACTIVITY = ["Initialized", "Started", "InProgress", "Submitted", "Completed"]
GRADING = ["FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"]
LTI = {
    "type": "object",
    "required": ["userId", "timestamp", "activityProgress", "gradingProgress"],
    "dependentRequired": {"scoreGiven": ["scoreMaximum"]},
    "properties": {
        "userId": {"type": "string"},
        "scoreGiven": {"type": "number", "minimum": 0},
        "scoreMaximum": {"type": "number", "exclusiveMinimum": 0},
        "comment": {"type": "string"},
        "activityProgress": {"enum": ACTIVITY},
        "gradingProgress": {"enum": GRADING},
    },
}


@DRAWN
@given(verdicts=MANY)
def test_lti_gets_a_valid_score_on_every_line(verdicts):
    pairs = {(each.learner, each.exercise) for each in verdicts}
    scores = [strictly(line) for line in write("lti", *verdicts).splitlines()]
    assert len(scores) <= len(pairs) and bool(scores) == bool(pairs)
    for score in scores:
        Draft202012Validator(LTI).validate(score)
        assert datetime.fromisoformat(score["timestamp"]).utcoffset() is not None
        assert re.search(r"T\d\d:\d\d:\d\d\.\d{3}", score["timestamp"])


def test_lti_gives_no_score_where_there_is_no_grade():
    fault, kit = (strictly(line) for line in write("lti", sample.FAULT, KIT).splitlines())
    assert "scoreGiven" not in fault and fault["gradingProgress"] == "Failed"
    assert "scoreGiven" not in kit and kit["gradingProgress"] == "Pending"


def test_our_table_has_a_row_for_each_learner_exercise_and_check():
    head, *body = rows(write("csv", *ALL))
    assert len(body) == sum(max(len(each.outcomes), 1) for each in ALL)
    first = dict(zip(head, body[0], strict=True))
    assert (first["learner"], first["exercise"], first["check"]) == ("ada", "softmax", "rules")
    assert body[-2][head.index("status")] == "grader_fault"


@pytest.mark.parametrize("name", ["canvas", "moodle", "nbgrader", "csv"])
@DRAWN
@given(verdicts=MANY)
def test_no_cell_is_a_formula_and_no_row_is_broken(name, verdicts):
    text = write(name, *verdicts)
    table = rows(text)
    assert len({len(row) for row in table}) == 1 and len(text.splitlines()) == len(table)
    for cell in (cell for row in table for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not re.search(r"[\t\r\n]", cell)
