"""The CSV that `nbgrader export` writes, for tools that read it.

Source: the columns of nbgrader's CSV export plugin.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report import wording
from grader.report.cells import NOBODY, People, found, gradebook, moment, score, table
from grader.report.plain import plain

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def as_nbgrader(verdicts: Iterable[Verdict], people: People = NOBODY) -> str:
    """A row for each learner and exercise; what was late is taken off the raw score."""
    rows = [
        [
            *(each.exercise, "", f"{moment(each):%Y-%m-%d %H:%M:%S.%f}", *_person(people, learner)),
            *(_raw(each), each.counted.penalty if each.counted else 0, score(each), each.points),
        ]
        for learner, row in gradebook(map(plain, verdicts)).items()
        for each in row.values()
    ]
    return table([COLUMNS, *rows])


def _raw(verdict: Verdict) -> str | float:
    return verdict.score if wording.is_graded(verdict) else ""


def _person(people: People, learner: str) -> tuple[str, str, str, str]:
    one = found(people, learner)
    last, _, first = one.name.partition(", ")  # as Canvas writes it, else `First Last`
    if not first:
        first, _, last = one.name.rpartition(" ")
    return one.login, *((last, first) if people else ("", "")), one.email
