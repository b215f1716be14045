"""Verdicts as one JSON object, and the schema of that object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import FloatSchema

from grader.model import Frozen, Verdict


class Report(Frozen):
    """Verdicts in the order they were graded."""

    schema_: Annotated[Literal["grader.report/1"], Field(alias="schema")] = "grader.report/1"
    verdicts: tuple[Verdict, ...]


class _Schema(GenerateJsonSchema):
    """Says what pydantic writes but leaves out of its schema: nan and infinity are strings."""

    def float_schema(self, schema: FloatSchema) -> JsonSchemaValue:
        words = {"enum": ["NaN", "Infinity", "-Infinity"]}
        return {"anyOf": [super().float_schema(schema), words]}


def as_json(verdicts: Iterable[Verdict]) -> str:
    """Strict JSON, two spaces of indent; nan and infinity are the strings NaN and Infinity."""
    return Report(verdicts=tuple(verdicts)).model_dump_json(indent=2) + "\n"


def schema() -> dict[str, Any]:
    """JSON schema of the report; a single record is its definition `Verdict`."""
    return Report.model_json_schema(mode="serialization", schema_generator=_Schema)
