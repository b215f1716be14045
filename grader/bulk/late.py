"""What is taken off for work that came late: a small YAML file, and two tables of people.

    deadline: 2026-11-20T23:59+01:00    of all, or {softmax: ..., sums: ...}
    per_day: 10%                        of the exercise's points for each day begun, or points
    grace: 15m                          nothing is taken off so soon after the deadline
    most: 50%                           no more than this is taken off
    extensions: extensions.csv          learner, exercise, deadline; no exercise means all
    times: times.csv                    learner, exercise, time: when it was handed in

When work was handed in is what these tables say, else what the platform's export says. Where
neither says it nothing is taken off, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from grader.bulk.exports import text
from grader.documents import line_of, read_yaml, table, validate
from grader.model import Frozen, UsageError

EVERY = ""
"""Stands for every exercise."""
AMOUNT = r"\d+(\.\d+)?\s*%?"
GRACE = r"(\d+)\s*(s|m|h|d)"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
Times = dict[str, dict[str, datetime]]
"""By learner and exercise."""


def moment(said: str) -> datetime:
    """A point in time: ISO 8601 with its zone, the seconds as you like.

    Raises: ValueError where it is none, or says no zone.
    """
    found = datetime.fromisoformat(said.strip().replace(" Z", "Z"))
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found


class Policy(Frozen):
    """The file as it is written."""

    deadline: str | dict[str, str]
    per_day: str = Field(pattern=f"^{AMOUNT}$")
    grace: str = Field("0s", pattern=f"^{GRACE}$")
    most: str = Field("100%", pattern=f"^{AMOUNT}$")
    extensions: str = ""
    times: str = ""

    @field_validator("per_day", "most", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return str(value) if type(value) in (int, float) else value


class Lateness(NamedTuple):
    """How late a work is, and what that costs."""

    days: int
    """Begun since the deadline; 0 where it is on time."""
    penalty: float
    """Points."""


class Late(Frozen):
    """A policy with its tables, as it is kept with the results."""

    deadlines: dict[str, datetime]
    per_day: str
    grace_s: float
    most: str
    extensions: dict[str, dict[str, datetime]] = Field({})
    times: dict[str, dict[str, datetime]] = Field({})

    def deadline(self, learner: str, exercise: str) -> datetime | None:
        """The one for a learner: an extension, else that of the exercise, else that of all."""
        for known in (self.extensions.get(learner, {}), self.deadlines):
            for name in (exercise, EVERY):
                if name in known:
                    return known[name]
        return None

    def strangers(self, learners: Set[str]) -> set[str]:
        """Whom the tables name, and who is none of these."""
        return {*self.extensions, *self.times} - {*learners}

    def judge(self, deadline: datetime, handed_in: datetime, points: int, score: float) -> Lateness:
        """What is taken off. Args: points, of the exercise; score, what the grader gave."""
        over = handed_in - deadline
        if over <= timedelta(seconds=self.grace_s):
            return Lateness(0, 0.0)
        days = ceil(over / timedelta(days=1))
        taken = min(days * _amount(self.per_day, points), _amount(self.most, points), score)
        return Lateness(days, round(taken, 2))


def read(path: Path, exercises: set[str]) -> Late:
    """A policy and the tables that it names, which lie beside it.

    Args: exercises, that the course knows. Raises: UsageError with the line of what is wrong.
    """
    try:
        data, lines = read_yaml(path.read_bytes(), path.name, dates=True)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    policy = validate(Policy, data, lines, path.name)
    given = policy.deadline
    deadlines = {}
    for name, at in given.items() if isinstance(given, dict) else [(EVERY, given)]:
        entry = ("deadline", name) if name else ("deadline",)
        where = f"{path.name} line {line_of(entry, lines)}"
        deadlines[_known(name, exercises, where)] = _moment(at, where)
    return Late(
        deadlines=deadlines,
        per_day=policy.per_day,
        grace_s=_seconds(policy.grace),
        most=policy.most,
        extensions=_people(path, policy.extensions, "deadline", exercises),
        times=_people(path, policy.times, "time", exercises),
    )


def _people(policy: Path, name: str, column: str, exercises: set[str]) -> Times:
    found: Times = {}
    for learner, exercise, at in _rows(policy, name, column, exercises) if name else ():
        found.setdefault(learner, {})[exercise] = at
    return found


def _rows(
    policy: Path, name: str, column: str, exercises: set[str]
) -> Iterator[tuple[str, str, datetime]]:
    taken: dict[tuple[str, str], int] = {}
    for line, row in table(policy.parent / name, ("learner", "exercise", column)):
        where = f"{name} line {line}"
        key = text(row["learner"]), _known(row["exercise"], exercises, where)
        if (first := taken.setdefault(key, line)) != line:
            raise UsageError(f"{where}: the same stands in line {first} already; remove one.")
        yield *key, _moment(row[column], where)


def _known(name: str, exercises: set[str], where: str) -> str:
    if name != EVERY and name not in exercises:
        raise UsageError(f"{where}: no exercise is called `{name}`; `grade list` shows the names.")
    return name


def _moment(said: str, where: str) -> datetime:
    try:
        return moment(said)
    except ValueError:
        raise UsageError(
            f"{where}: `{said}` is no time with its zone; write it like 2026-11-20T23:59+01:00."
        ) from None


def _amount(said: str, points: int) -> float:
    share = said.endswith("%")
    number = float(said.rstrip("% "))
    return number / 100 * points if share else number


def _seconds(said: str) -> float:
    found = re.fullmatch(GRACE, said)
    assert found
    return timedelta(**{UNITS[found[2]]: int(found[1])}).total_seconds()
