"""Who the learners of a class are in a platform's gradebook, by a table of people.

The table is one of your own, with a column `learner`, or what the platform exports: the gradebook
of Canvas, the participants of Moodle, the roster of Gradescope. Columns are known by their names.
A learner is looked for by the whole name, login, number or address; `doejane_123` and
`Jane Doe_123` also by Canvas's ID and by the letters of the name. Nobody is guessed: where several
rows fit, or one row fits several learners, that is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from grader.bulk.exports import text
from grader.documents import table
from grader.model import UsageError
from grader.report.cells import Person

COLUMNS = {
    "learner": ("learner",),
    "name": ("student", "name", "full name", "student name"),
    "first": ("first name", "firstname"),
    "last": ("last name", "lastname", "surname"),
    "id": ("id", "canvas user id"),
    "login": ("sis login id", "login", "login id", "username"),
    "section": ("section", "section name"),
    "number": ("sis user id", "sid", "student id", "id number", "number"),
    "email": ("email", "email address"),
}
"""What a column may be called, in small letters."""
NUMBERED = re.compile(r"(.+)_(\d+)", re.S)
"""How Canvas and Moodle name what they export."""


class Matched(NamedTuple):
    """A class found in a roster."""

    people: dict[str, Person]
    """By learner."""
    unmatched: list[tuple[str, str]]
    """Learners who are not found, and why."""


class _Row(NamedTuple):
    line: int
    learner: str
    person: Person
    spellings: set[str]
    """The letters of the name, last name first and last."""


def match(path: Path, learners: Iterable[str]) -> Matched:
    """Find each learner. Raises: UsageError where the file is no table of people."""
    rows = list(_rows(path))
    if not rows:
        raise UsageError(
            f"{path.name} names nobody; give it a column learner, login, ID, SID or email."
        )
    found: dict[str, _Row] = {}
    unmatched = []
    for learner in learners:
        fits = next(filter(None, _candidates(learner, rows)), [])
        if len(fits) == 1:
            found[learner] = fits[0]
        else:
            lines = ", ".join(str(each.line) for each in fits[:5])
            unmatched.append((learner, f"lines {lines} fit" if fits else "no line fits"))
    claims = defaultdict(list)
    for learner, row in found.items():
        claims[row.line].append(learner)
    for line, several in claims.items():
        if len(several) > 1:
            unmatched += [(each, f"line {line} fits {', '.join(several)}") for each in several]
    lost = {learner for learner, _ in unmatched}
    people = {learner: row.person for learner, row in found.items() if learner not in lost}
    return Matched(people, sorted(unmatched))


def _candidates(learner: str, rows: list[_Row]) -> Iterator[list[_Row]]:
    """The rows that fit, the surest way first."""
    key = learner.casefold()
    yield [row for row in rows if row.learner == learner]
    yield [
        row
        for row in rows
        if key in map(str.casefold, (row.person.login, row.person.email, row.person.number))
    ]
    yield [row for row in rows if key == row.person.name.casefold()]
    if numbered := NUMBERED.fullmatch(learner):
        name, number = _letters(numbered[1]), numbered[2]
        fits = [row for row in rows if name in row.spellings or not row.spellings]
        yield [row for row in fits if row.person.id == number]
        yield [row for row in fits if row.spellings]


def _rows(path: Path) -> Iterator[_Row]:
    for line, cells in table(path, ("learner",), more=True):
        mine = {
            field: next((text(cells[name]) for name in names if cells.get(name)), "")
            for field, names in COLUMNS.items()
        }
        learner, first, last = (mine.pop(each) for each in ("learner", "first", "last"))
        mine["name"] = mine["name"] or f"{first} {last}".strip()
        if mine["name"].casefold() != "points possible" and (learner or any(mine.values())):
            yield _Row(line, learner, Person(**mine), _spellings(mine["name"]))


def _spellings(name: str) -> set[str]:
    """Of `Doe, Jane` and `Jane Doe` alike: doejane and janedoe."""
    before, comma, after = name.partition(",")
    if not comma:
        before, _, after = name.rpartition(" ")
    return {_letters(before + after), _letters(after + before)} - {""}


def _letters(name: str) -> str:
    """Small letters and digits, without accents."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", name).casefold()))
