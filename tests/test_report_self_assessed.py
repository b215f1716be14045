"""What a learner answers about the own work, in every format: shown, never passed, never failed."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from drawn_verdicts import rows, strictly, write
from sample_verdicts import WRITTEN

from grader.model import Counted, Status
from grader.report import FORMATS, wording

QUESTIONS = ("Could a stranger follow it?", "Does the cheapest check come first?")
GRADEBOOKS = {"canvas", "moodle", "nbgrader", "lti"}
TWO_WORDS = {"classroom", "exercism", "annotations"}
"""Formats that know only passed and failed."""


def test_it_carries_points_earns_none_and_is_not_needed_to_pass():
    assert WRITTEN.passed and WRITTEN.exit_code == 0
    assert (WRITTEN.score, WRITTEN.at_stake) == (10, 10)


def test_no_answer_makes_a_pass_of_what_the_machine_refuses():
    first = WRITTEN.outcomes[0].model_copy(update={"status": Status.FAILED})
    failed = WRITTEN.model_copy(update={"outcomes": (first, *WRITTEN.outcomes[1:])})
    assert not failed.passed and failed.score == 0


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - GRADEBOOKS - TWO_WORDS))
def test_a_report_shows_the_questions_and_the_points_at_stake(name):
    text = write(name, WRITTEN)
    for question in QUESTIONS:
        assert question in text
    if name != "csv":
        assert "5 points when an instructor confirms a yes" in text


@pytest.mark.parametrize("name", ["html", "markdown", "github"])
def test_a_report_to_be_read_puts_them_under_a_heading_of_their_own(name):
    text = write(name, WRITTEN)
    assert text.index("Every section is there.") < text.index("Self-assessed: they count when")
    assert text.index("Self-assessed: they count when") < text.index(QUESTIONS[0])


@pytest.mark.parametrize("name", sorted(TWO_WORDS))
def test_a_format_that_knows_only_passed_and_failed_leaves_them_out(name):
    assert not any(question in write(name, WRITTEN) for question in QUESTIONS)


def test_gradescope_gets_neither_a_status_nor_a_score_for_them():
    tests = {each["name"]: each for each in strictly(write("gradescope", WRITTEN))["tests"]}
    for question in QUESTIONS:
        assert not tests[question].keys() & {"status", "score", "max_score"}
    assert tests["Every section is there."]["score"] == 10


def test_junit_counts_them_as_skipped():
    suite = ElementTree.fromstring(write("junit", WRITTEN).encode()).find("testsuite")
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "2")


def test_the_table_and_the_json_tell_both_answers_apart():
    head, *body = rows(write("csv", WRITTEN))
    told = [dict(zip(head, row, strict=True)) for row in body]
    assert [each["status"] for each in told[-2:]] == ["self_assessed", "not_yet"]
    assert [(each["earned"], each["points"]) for each in told[-2:]] == [("0", "5")] * 2
    assert '"status": "self_assessed"' in write("json", WRITTEN)


def test_a_gradebook_holds_the_points_of_the_machine_and_says_that_more_are_open():
    assert rows(write("canvas", WRITTEN))[2][4] == "10"
    assert "10 points more are self-assessed" in rows(write("moodle", WRITTEN))[1][2]
    score = json.loads(write("lti", WRITTEN))
    assert (score["scoreGiven"], score["gradingProgress"]) == (10, "PendingManual")


def test_what_an_instructor_gave_is_no_longer_open():
    given = WRITTEN.model_copy(update={"counted": Counted(score=20, why="20 by Dr. No")})
    assert wording.pending(given) == ""
    assert json.loads(write("lti", given))["gradingProgress"] == "FullyGraded"
