"""What the files for gradebooks share: the last grades of a class, and cells that stay text.

Source: CSV Injection, in OWASP's list of attacks.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import NamedTuple

from grader.model import Verdict
from grader.report import wording

FORMULA = tuple("=+-@＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula; tabs and line ends become spaces."""
Gradebook = dict[str, dict[str, Verdict]]


class Person(NamedTuple):
    """A learner as a platform's gradebook knows one; what is not known is empty."""

    name: str = ""
    id: str = ""
    """The platform's own number of a user."""
    login: str = ""
    section: str = ""
    number: str = ""
    """The school's number: SIS user ID, student ID, ID number."""
    email: str = ""


People = Mapping[str, Person]
NOBODY: People = {}


def found(people: People, learner: str) -> Person:
    """Who a learner is; one who is not in the roster has no more than the name we know."""
    return people.get(learner) or Person(learner, login=learner)


def table(rows: Iterable[Iterable[str | float]]) -> str:
    """CSV as in RFC 4180 with plain line ends; numbers to three decimals."""
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows([_cell(each) for each in row] for row in rows)
    return file.getvalue()


def gradebook(verdicts: Iterable[Verdict]) -> Gradebook:
    """The last verdict of every learner at every exercise, both in the order in which they came."""
    book: Gradebook = {}
    for verdict in verdicts:
        book.setdefault(verdict.learner, {})[verdict.exercise] = verdict
    return book


def exercises(book: Gradebook) -> dict[str, int]:
    """Every exercise of a gradebook, with its points."""
    return {slug: each.points for row in book.values() for slug, each in row.items()}


def score(verdict: Verdict | None) -> str | float:
    """What counts as a cell; empty where there is none, or where the grader failed."""
    return verdict.counts if verdict and wording.is_graded(verdict) else ""


def moment(verdict: Verdict) -> datetime:
    """When it was graded, in UTC."""
    return datetime.fromisoformat(verdict.started).astimezone(UTC)


def _cell(value: str | float) -> str:
    """One line; an apostrophe before what a spreadsheet would calculate."""
    if not isinstance(value, str):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = " ".join(value.split())
    return f"'{text}" if text.startswith(FORMULA) else text
