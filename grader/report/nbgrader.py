"""The CSV that `nbgrader export` writes, for tools that read it.

Source: the columns of nbgrader's CSV export plugin.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report.cells import gradebook, moment, score, table
from grader.report.plain import plain

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def as_nbgrader(verdicts: Iterable[Verdict]) -> str:
    """A row for each learner and exercise. Nothing is late here: no due date and no penalty."""
    rows = [
        [
            *(each.exercise, "", f"{moment(each):%Y-%m-%d %H:%M:%S.%f}", each.learner, "", "", ""),
            *(score(each), 0, score(each), each.points),
        ]
        for row in gradebook(map(plain, verdicts)).values()
        for each in row.values()
    ]
    return table([COLUMNS, *rows])
