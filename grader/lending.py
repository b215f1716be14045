"""What a check may ask for, and what is kept of it while it runs."""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import pytest

from grader.answers import Answers
from grader.box import Facts, Run
from grader.model import Curve, Measure, Verdict
from grader.proxy import Trace

Open = Callable[[], AbstractContextManager[Any]]


class Progress(NamedTuple):
    """How far grading is."""

    claim: str
    """Of the check that runs."""
    done: int = 0
    total: int = 0
    """Steps of a training; 0 where there is none."""
    loss: float | None = None
    so_far: Callable[[], Verdict] | None = None
    """When the first check has failed: gives what is known by then."""


def to_nobody(_: Progress) -> None:
    """Progress that nobody watches."""


@dataclass
class Draft:
    """One check while it runs."""

    error: BaseException | None = None
    skipped: str = ""
    answers: Answers | None = None
    trace: Trace = field(default_factory=Trace)
    runs: list[Run] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def facts(self) -> list[Facts]:
        return [run.facts for run in self.runs if run.facts]


class NotApplicable(Exception):
    """This machine has not what a check is about, such as an accelerator."""


class Record:
    """What a check measured, for the report: `record.measure(...)`, `record.curve(...)`.

    Args: current, the check that runs; tell, is told (done, total, loss) of a training.
    """

    def __init__(
        self, current: Callable[[], Draft | None], tell: Callable[[int, int, float], None]
    ) -> None:
        self._current, self._tell = current, tell

    def step(self, done: int, total: int, loss: float) -> None:
        """A training has come so far; shown while it runs."""
        self._tell(done, total, loss)

    def measure(
        self, name: str, value: float, unit: str = "", bar: float | None = None, **more: Any
    ) -> None:
        """A number, with the bar that it must reach, if there is one."""
        if draft := self._current():
            row = Measure(name=name, value=float(value), unit=unit, bar=bar, **more)
            draft.measures.append(row)

    def not_applicable(self, why: str) -> NoReturn:
        """End the check: it can be neither passed nor failed on this machine."""
        raise NotApplicable(why)

    def curve(self, **fields: Any) -> None:
        """Fields of model.Curve."""
        if draft := self._current():
            draft.curves.append(Curve(**fields))


def lent(**things: Any) -> types.ModuleType:
    """What checks may ask for, as a plugin of pytest fixtures: first the submission, for one check.

    Args: things, lent as they are for a session; of these `fresh` opens the submission.
    """

    @pytest.fixture
    def submission(fresh: Open) -> Iterator[Any]:
        with fresh() as opened:
            yield opened

    plugin = types.ModuleType("lent")
    plugin.__dict__["submission"] = submission
    for name, thing in things.items():
        plugin.__dict__[name] = pytest.fixture(scope="session", name=name)(_giving(thing))
    return plugin


def _giving(thing: Any) -> Callable[[], Any]:
    return lambda: thing
