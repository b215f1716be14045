"""The CSV that Canvas imports into its gradebook.

Source: what the gradebook importer of Canvas's own open code accepts. A learner is found by `ID`,
else by `SIS Login ID`, else by the name; an empty cell leaves the grade as it is. A column whose
name holds `Current Points` is passed over, so it can show the grader's points beside what counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report.cells import (
    NOBODY,
    Gradebook,
    People,
    exercises,
    found,
    gradebook,
    score,
    table,
)
from grader.report.plain import plain

POINTS = "Points Possible"
"""How Canvas knows its second row, whatever stands before or after."""
PASSED_OVER = "{} by the grader (Current Points)"


def as_canvas(verdicts: Iterable[Verdict], people: People = NOBODY) -> str:
    """A row for each learner; a column for each exercise, two where more than the grader counts."""
    book = gradebook(map(plain, verdicts))
    columns, twice = exercises(book), _changed(book)
    heads = [
        head for slug in columns for head in (slug, PASSED_OVER.format(slug))[: 1 + (slug in twice)]
    ]
    points = [cell for slug in columns for cell in (columns[slug], "")[: 1 + (slug in twice)]]
    rows = [
        [
            *_person(people, learner),
            *(cell for slug in columns for cell in _cells(row.get(slug), slug in twice)),
        ]
        for learner, row in book.items()
    ]
    head = ["Student", "ID", "SIS Login ID", "Section", *heads]
    return table([head, [f"    {POINTS}", "", "", "", *points], *rows])


def _changed(book: Gradebook) -> set[str]:
    return {slug for row in book.values() for slug, each in row.items() if each.counted}


def _cells(verdict: Verdict | None, both: bool) -> list[str | float]:
    return [score(verdict), *([verdict.score if verdict else ""] * both)]


def _person(people: People, learner: str) -> tuple[str, str, str, str]:
    """A learner called like the row of points would be read as that row."""
    one = found(people, learner)
    return one.name.replace(POINTS, ""), one.id, one.login, one.section
