"""The CSV that Canvas imports into its gradebook.

Source: what the gradebook importer of Canvas's own open code accepts. A learner is found by `ID`,
else by `SIS Login ID`, else by the name; an empty cell leaves the grade as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report.cells import exercises, gradebook, score, table
from grader.report.plain import plain

POINTS = "Points Possible"
"""How Canvas knows its second row, whatever stands before or after."""


def as_canvas(verdicts: Iterable[Verdict]) -> str:
    """A row for each learner, who is the login; a column for each exercise."""
    book = gradebook(map(plain, verdicts))
    columns = exercises(book)
    rows = [
        # A learner of that name would be read as the row of points.
        [learner.replace(POINTS, ""), "", learner, "", *(score(row.get(each)) for each in columns)]
        for learner, row in book.items()
    ]
    head = ["Student", "ID", "SIS Login ID", "Section", *columns]
    return table([head, [f"    {POINTS}", "", "", "", *columns.values()], *rows])
