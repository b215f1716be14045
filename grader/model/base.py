"""What every noun rests on, and the three kinds of refusal."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class UsageError(Exception):
    """Wrong usage; the message is one sentence that ends with a next step."""


class GraderFault(Exception):
    """The grader, the exercise or this machine is at fault, never the submission."""


class Refused(Exception):
    """What the rules of an exam do not allow; the message is one sentence with a next step."""


class Frozen(BaseModel):
    """The base of every noun: unknown fields are errors, nothing changes after construction."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        ser_json_inf_nan="strings",
        defer_build=True,
        use_attribute_docstrings=True,
    )
