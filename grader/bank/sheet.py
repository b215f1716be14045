"""An answer sheet: what somebody says about each item, and which causes belong to a symptom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from grader.documents import Lines, line_of, read_yaml
from grader.model import Outcome, Status, UsageError

NAME = "answers.yaml"
RANKS = 3
SPAN = 8
"""Lines that may be named as evidence: who names them all has found nothing."""
SLACK = 2
FULL = 5
"""Right causes, less half of the wrong ones, that earn all points of a symptom."""
ORDERED = 4
"""How many of the course's own list must be named for the point that its order is worth."""


class Answer(NamedTuple):
    """What was said about one item."""

    causes: tuple[str, ...] = ()
    """Ids, the most likely first."""
    lines: tuple[int, int] | None = None
    fix: str = ""


@dataclass
class Sheet:
    """A whole sheet, as far as it could be read."""

    items: dict[str, Answer] = field(default_factory=dict)
    breadth: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """Sentences with the line of what could not be read."""


def read(
    content: bytes | None, items: Sequence[str], causes: Mapping[str, str], name: str = NAME
) -> Sheet:
    """Take what is well formed, and say what is not. Never raises."""
    if content is None:
        return Sheet(problems=[f"there was no {name}"])
    try:
        data, lines = read_yaml(content, name)
    except UsageError as error:
        return Sheet(problems=[str(error)])
    reader = _Reader(lines, causes, name)
    top = reader.mapping(data, ())
    for item in items:
        reader.item(item, reader.mapping(top.get(item), (item,)))
    for family, ids in reader.mapping(top.get("breadth"), ("breadth",)).items():
        reader.sheet.breadth[str(family)] = reader.ids(ids, ("breadth", str(family)))
    return reader.sheet


class _Reader:
    def __init__(self, lines: Lines, causes: Mapping[str, str], name: str) -> None:
        self.lines, self.causes, self.name, self.sheet = lines, causes, name, Sheet()

    def item(self, name: str, data: Mapping[Any, Any]) -> None:
        evidence = self.mapping(data.get("evidence"), (name, "evidence"))
        fix = data.get("fix")
        self.sheet.items[name] = Answer(
            self.ids(data.get("causes"), (name, "causes"))[:RANKS],
            self.span(evidence.get("lines"), (name, "evidence", "lines")),
            fix if isinstance(fix, str) else "",
        )

    def mapping(self, data: Any, path: tuple[str, ...]) -> Mapping[Any, Any]:
        if data is not None and not isinstance(data, dict):
            self.problem(path, "expected `key: value` lines; see the sheet as it was given")
        return data if isinstance(data, dict) else {}

    def ids(self, data: Any, path: tuple[str, ...]) -> tuple[str, ...]:
        """The ids of a list that causes.md has, each once."""
        if data is not None and not isinstance(data, list):
            self.problem(path, "expected a list such as [first_id, second_id]")
        given = data if isinstance(data, list) else []
        for number, each in enumerate(given):
            if not isinstance(each, str) or each not in self.causes:
                shown = str(each)[:40]
                self.problem((*path, number), f"`{shown}` is no id; copy one from causes.md")
        return tuple(dict.fromkeys(e for e in given if isinstance(e, str) and e in self.causes))

    def span(self, data: Any, path: tuple[str, ...]) -> tuple[int, int] | None:
        if data is None or data == []:
            return None
        fair = isinstance(data, list) and len(data) in (1, 2) and all(type(n) is int for n in data)
        if not fair or not 0 < data[0] <= data[-1] < data[0] + SPAN:
            self.problem(path, f"expected [first, last], at most {SPAN} lines of the script")
            return None
        return data[0], data[-1]

    def problem(self, path: tuple[str | int, ...], what: str) -> None:
        self.sheet.problems.append(f"{self.name} line {line_of(path, self.lines)}: {what}.")


def outcome(
    check: str, claim: str, holds: bool, weight: float, message: str = "", **more: Any
) -> Outcome:
    """One point or several, and the sentence that they are given for."""
    status = Status.PASSED if holds else Status.FAILED
    return Outcome(
        check=check,
        claim=claim,
        status=status,
        weight=weight,
        message="" if holds else message,
        **more,
    )


def readable(sheet: Sheet) -> Outcome:
    """Whether all of the sheet could be read; worth nothing by itself."""
    problems = sheet.problems
    return outcome(
        "answers", f"Everything in {NAME} can be read.", not problems, 0, " ".join(problems[:3]),
        next_step="\n".join(problems[3:10]), merit=True,
    )  # fmt: skip


def cause_outcomes(item: str, answer: Answer, accept: Mapping[str, int]) -> list[Outcome]:
    """Three points: one for each place that a cause stands higher, as far as it is accepted."""
    named = list(enumerate(answer.causes))
    points = max((min(RANKS - rank, accept.get(each, 0)) for rank, each in named), default=0)
    true = " or ".join(each for each, worth in accept.items() if worth == RANKS)
    said = f"you named {', '.join(answer.causes) or 'none'}; it is {true}"
    places = ("among the three that you named", "among your first two", "your first")
    return [
        outcome(f"{item}_cause_{n}", f"{item}: the cause is {place}.", points >= n, 1, said)
        for n, place in enumerate(places, 1)
    ]


def is_near(answer: Answer, hunk: set[int]) -> bool:
    """Whether a line that was named is one of the fault, or next to it."""
    first, last = answer.lines or (0, -1)
    return any(abs(line - place) <= SLACK for line in range(first, last + 1) for place in hunk)


def evidence_outcome(item: str, answer: Answer, hunk: set[int]) -> Outcome:
    """One point for a line where the fault is, or next to it."""
    first, last = answer.lines or (0, -1)
    where = f"you named {f'{first} to {last}' if answer.lines else 'none'}; the fault is in line"
    claim = f"{item}: a line that you named is where the fault is."
    return outcome(f"{item}_evidence", claim, is_near(answer, hunk), 1, f"{where} {min(hunk)}")


def breadth_outcomes(
    family: str, points: int, named: Sequence[str], right: Sequence[str]
) -> list[Outcome]:
    """Points in equal steps up to five right causes; half of each wrong one is taken off."""
    good = [each for each in named if each in right]
    net = len(good) - (len(named) - len(good)) / 2
    wrong = ", ".join(each for each in named if each not in right) or "none"
    said = f"{len(good)} of your {len(named)} can; not: {wrong}"
    outcomes = []
    for n in range(1, points + 1):
        least = FULL * n / points
        claim = (
            f"Breadth, {family}: right causes less half of the wrong ones are {least:.2g} or more."
        )
        outcomes.append(outcome(f"breadth_{family}_{n}", claim, net >= least, 1, said))
    return outcomes


def order_outcome(family: str, named: Sequence[str], order: Sequence[str]) -> Outcome:
    """One point for checking what is likely, and cheap to check, first."""
    places = [order.index(each) for each in named if each in order]
    holds = len(places) >= ORDERED and all(a < b for a, b in pairwise(places))
    claim = f"Breadth, {family}: at least {ORDERED} causes of the course's list stand in its order."
    return outcome(f"breadth_{family}_order", claim, holds, 1, f"its order is {', '.join(order)}")
