"""What a course as a whole asks for, computed from the verdicts on its exercises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from grader.model import Course, Criterion, Outcome, Status, Verdict


class State(StrEnum):
    """How one line stands; of several exercises the first of these that is true of any."""

    UNTRIED = "not tried"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    """This machine has not what it is about; never a pass."""
    FALLBACK = "fallback"
    """Passed, on other data than the line speaks of."""
    SELF_ASSESSED = "self-assessed"
    """Passed, as far as a machine can tell; no person has confirmed the rest."""
    PASSED = "passed"


class Line(NamedTuple):
    """One line of a list."""

    says: str
    state: State
    by: tuple[str, ...]
    """Titles of the exercises that show it."""


def table(course: Course, verdicts: Iterable[Verdict]) -> list[tuple[str, list[Line]]]:
    """The lists of a course: title and lines. Args: verdicts, one of each exercise."""
    found = {each.exercise: each for each in verdicts}
    titles = {each.slug: each.title for each in course.exercises}

    def line(criterion: Criterion) -> Line:
        slugs = dict.fromkeys(each.partition(": ")[0] for each in criterion.by)
        shown_by = tuple(titles[slug] for slug in slugs)
        return Line(criterion.says, state(criterion, found), shown_by)

    return [(each.title, [line(one) for one in each.lines]) for each in course.criteria]


def state(criterion: Criterion, verdicts: Mapping[str, Verdict]) -> State:
    """How a line stands. Args: verdicts, by exercise."""
    return min(_states(criterion, verdicts), key=list(State).index)


def _states(criterion: Criterion, verdicts: Mapping[str, Verdict]) -> Iterator[State]:
    for each in criterion.by:
        slug, _, check = each.partition(": ")
        verdict = verdicts.get(slug)
        if verdict is None:
            yield State.UNTRIED
            continue
        outcomes = [one for one in verdict.outcomes if one.check.split("[")[0] == check]
        yield _of_check(outcomes) if check else _of_exercise(verdict)
        if verdict.stand_ins:
            yield State.FALLBACK


def _of_exercise(verdict: Verdict) -> State:
    if not verdict.passed:
        return State.FAILED
    if verdict.at_stake and not verdict.counted:
        return State.SELF_ASSESSED
    return State.PASSED


def _of_check(outcomes: list[Outcome]) -> State:
    found = {each.status for each in outcomes}
    if found == {Status.NOT_APPLICABLE}:
        return State.NOT_APPLICABLE
    return State.PASSED if found == {Status.PASSED} else State.FAILED
