"""The CSV that Moodle imports into its gradebook.

Source: Grade import, in Moodle's documentation. The teacher maps `Username`, or with a roster
`ID number` or `Email address`, to a user and each column to a grade item; feedback must come with
its grade, or the grade is lost.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report import wording
from grader.report.cells import NOBODY, People, exercises, found, gradebook, score, table
from grader.report.plain import plain


def as_moodle(verdicts: Iterable[Verdict], people: People = NOBODY) -> str:
    """A row for each learner; for each exercise the points and, as feedback, the result."""
    book = gradebook(map(plain, verdicts))
    columns = exercises(book)
    heads = [head for slug in columns for head in (slug, f"{slug} (feedback)")]
    rows = [
        [*_person(people, learner), *(cell for slug in columns for cell in _cells(row.get(slug)))]
        for learner, row in book.items()
    ]
    columns_of_people = ["Username", *(["ID number", "Email address"] if people else [])]
    return table([[*columns_of_people, *heads], *rows])


def _person(people: People, learner: str) -> list[str]:
    one = found(people, learner)
    return [one.login, *([one.number, one.email] if people else [])]


def _cells(verdict: Verdict | None) -> tuple[str | float, str]:
    return score(verdict), wording.result(verdict) if verdict else ""
