"""Gradescope, GitHub Classroom and Exercism, against the fields that they publish."""

from __future__ import annotations

from collections import Counter

import pytest
import sample_verdicts as sample
from drawn_verdicts import DRAWN, EMPTY, MANY, NAMED, strictly, write
from hypothesis import given
from jsonschema import Draft202012Validator

from grader.report.classroom import without_commands

FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        **{name: {"type": "number", "minimum": 0} for name in ("score", "execution_time")},
        **dict.fromkeys(("output_format", "test_output_format", "test_name_format"), FORMAT),
        **dict.fromkeys(("visibility", "stdout_visibility"), VISIBILITY),
        "output": {"type": "string"},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "output"],
                "dependentRequired": {"score": ["max_score"], "max_score": ["score"]},
                "properties": {
                    **{name: {"type": "number", "minimum": 0} for name in ("score", "max_score")},
                    "name": NAMED,
                    "status": {"enum": ["passed", "failed"]},
                    "output": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                },
            },
        },
    },
}


@DRAWN
@given(verdicts=MANY)
def test_gradescope_gets_the_fields_that_it_publishes(verdicts):
    result = strictly(write("gradescope", *verdicts))
    Draft202012Validator(GRADESCOPE).validate(result)
    assert len(result["tests"]) == sum(max(len(each.outcomes), 1) for each in verdicts)


def test_gradescope_shows_texts_as_text_and_keeps_our_standard_output_hidden():
    result = strictly(write("gradescope", sample.ATTENTION))
    assert {result[f"{name}format"] for name in ("output_", "test_output_", "test_name_")} == {
        "text"
    }
    assert result["stdout_visibility"] == "hidden" and result["score"] == 6.67
    assert Counter(each["status"] for each in result["tests"]) == {"passed": 1, "failed": 5}
    assert "scores tensor" in result["output"]


def test_gradescope_gets_no_points_for_a_check_that_carries_none():
    rules, rows_ = strictly(write("gradescope", sample.FORBIDDEN))["tests"]
    assert "score" not in rules and (rows_["score"], rows_["max_score"]) == (0, 10)


CLASSROOM = {
    "type": "object",
    "required": ["version", "status", "max_score", "tests"],
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "status", "score", "message"],
                "properties": {
                    "name": NAMED,
                    "status": {"enum": ["pass", "fail", "error"]},
                    "score": {"type": "number", "minimum": 0},
                    "message": {"type": "string"},
                    "test_code": {"const": ""},
                    "line_no": {"type": "integer"},
                },
            },
        },
    },
}


@DRAWN
@given(verdicts=MANY)
def test_classroom_gets_its_fields_and_its_log_obeys_no_line(verdicts):
    result = strictly(write("classroom", *verdicts))
    Draft202012Validator(CLASSROOM).validate(result)
    for test in result["tests"]:
        for line in f"{test['name']}\n{test['message']}\n{test['filename']}".splitlines():
            assert not line.lstrip().startswith("::") and "##[" not in line


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [([sample.GPT], "pass"), ([sample.GPT, sample.CNN], "fail"), ([EMPTY, sample.CNN], "error")],
)
def test_classroom_says_how_all_of_it_went(verdicts, status):
    assert strictly(write("classroom", *verdicts))["status"] == status


def test_a_workflow_command_is_broken_and_a_slice_is_left():
    assert without_commands("  ::notice::x") == "  : :notice::x"
    assert without_commands("##[group]") == "## [group]"
    assert without_commands("x[::2] ##") == "x[::2] ##"


EXERCISM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "status", "tests"],
    "properties": {
        "version": {"const": 2},
        "status": {"enum": ["pass", "fail", "error"]},
        "message": {"type": ["string", "null"], "minLength": 1, "maxLength": 65535},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "status"],
                "properties": {
                    "name": NAMED,
                    "status": {"enum": ["pass", "fail", "error"]},
                    "message": {"type": ["string", "null"], "maxLength": 65535},
                    "output": {"type": ["string", "null"], "maxLength": 500},
                },
            },
        },
    },
    "if": {"properties": {"status": {"const": "error"}}},
    "then": {"properties": {"message": {"type": "string"}}},
    "else": {"properties": {"message": {"type": "null"}, "tests": {"minItems": 1}}},
}


@DRAWN
@given(verdicts=MANY)
def test_exercism_gets_what_its_interface_asks_for(verdicts):
    result = strictly(write("exercism", *verdicts))
    Draft202012Validator(EXERCISM).validate(result)
    passed = {each["status"] for each in result["tests"]} == {"pass"}
    assert (result["status"] == "pass") == passed


def test_exercism_keeps_the_order_and_cuts_what_was_printed():
    result = strictly(write("exercism", sample.HOSTILE))
    assert [each["name"][:7] for each in result["tests"]] == ["A claim", "A very "]
    assert result["tests"][0]["output"].endswith("Output was truncated. Please limit to 500 chars.")
