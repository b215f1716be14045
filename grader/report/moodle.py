"""The CSV that Moodle imports into its gradebook.

Source: Grade import, in Moodle's documentation. The teacher maps `Username` to username and each
column to a grade item; feedback must come with its grade, or the grade is lost.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report import wording
from grader.report.cells import exercises, gradebook, score, table
from grader.report.plain import plain


def as_moodle(verdicts: Iterable[Verdict]) -> str:
    """A row for each learner; for each exercise the points and, as feedback, the result."""
    book = gradebook(map(plain, verdicts))
    columns = exercises(book)
    heads = [head for slug in columns for head in (slug, f"{slug} (feedback)")]
    rows = [
        [learner, *(cell for slug in columns for cell in _cells(row.get(slug)))]
        for learner, row in book.items()
    ]
    return table([["Username", *heads], *rows])


def _cells(verdict: Verdict | None) -> tuple[str | float, str]:
    return score(verdict), wording.line(verdict) if verdict else ""
