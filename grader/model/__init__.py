"""The nouns, frozen; no behaviour beyond derived properties."""

from grader.model.base import Frozen, GraderFault, Refused, UsageError
from grader.model.course import (
    Course,
    Criteria,
    Criterion,
    Exercise,
    Limits,
    Rules,
    Submission,
    Unit,
)
from grader.model.verdict import (
    Array,
    Counted,
    Counterexample,
    Curve,
    Isolation,
    Level,
    Measure,
    Outcome,
    Status,
    Verdict,
)

__all__ = [
    "Array",
    "Counted",
    "Counterexample",
    "Course",
    "Criteria",
    "Criterion",
    "Curve",
    "Exercise",
    "Frozen",
    "GraderFault",
    "Isolation",
    "Level",
    "Limits",
    "Measure",
    "Outcome",
    "Refused",
    "Rules",
    "Status",
    "Submission",
    "Unit",
    "UsageError",
    "Verdict",
]
