from __future__ import annotations

import json
from pathlib import Path

import pytest
import sample_verdicts as sample
from jsonschema import Draft202012Validator, ValidationError

from grader.model import Verdict
from grader.report import as_json, schema

COMMITTED = Path(__file__).parent.parent / "docs" / "schema" / "verdict.json"


def strictly_read(text: str) -> dict:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_committed_schema_is_the_generated_one():
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == schema()


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(schema())


def test_a_report_of_every_kind_of_verdict_is_strict_json_and_valid():
    report = strictly_read(as_json(sample.VERDICTS))
    Draft202012Validator(schema()).validate(report)
    assert report["schema"] == "grader.report/1"
    assert [each["exercise"] for each in report["verdicts"]] == [
        each.exercise for each in sample.VERDICTS
    ]


def test_a_single_record_is_valid_by_the_definition_of_a_verdict():
    whole = schema()
    validator = Draft202012Validator({"$ref": "#/$defs/Verdict", "$defs": whole["$defs"]})
    validator.validate(strictly_read(sample.HOSTILE.model_dump_json()))


@pytest.mark.parametrize("field", ["score", "passed", "exit_code", "isolation"])
def test_a_report_without_a_required_field_is_refused(field):
    report = strictly_read(as_json([sample.GPT]))
    del report["verdicts"][0][field]
    with pytest.raises(ValidationError):
        Draft202012Validator(schema()).validate(report)


def test_nan_and_infinity_are_strings_that_read_back_as_numbers():
    report = strictly_read(as_json([sample.HOSTILE]))
    values = report["verdicts"][0]["outcomes"][0]["counterexample"]["expected"]["values"]
    assert values == ["NaN", "Infinity", None]
    again = Verdict.model_validate(report["verdicts"][0])
    assert again.model_dump_json() == sample.HOSTILE.model_dump_json()


def test_no_verdict_is_a_report_too():
    assert strictly_read(as_json([])) == {"schema": "grader.report/1", "verdicts": []}
