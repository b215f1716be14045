"""What a check may ask for, and what is kept of it while it runs."""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest

from grader.answers import Answers
from grader.box import Facts, Run
from grader.model import Curve, Measure
from grader.proxy import Trace

Open = Callable[[], AbstractContextManager[Any]]


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


class Record:
    """What a check measured, for the report: `record.measure(...)`, `record.curve(...)`."""

    def __init__(self, current: Callable[[], Draft | None]) -> None:
        self._current = current

    def measure(
        self, name: str, value: float, unit: str = "", bar: float | None = None, **more: Any
    ) -> None:
        """A number, with the bar that it must reach, if there is one."""
        if draft := self._current():
            row = Measure(name=name, value=float(value), unit=unit, bar=bar, **more)
            draft.measures.append(row)

    def curve(self, **fields: Any) -> None:
        """Fields of model.Curve."""
        if draft := self._current():
            draft.curves.append(Curve(**fields))


def lent(open_one: Open, **things: Any) -> types.ModuleType:
    """What checks may ask for, as a plugin of pytest fixtures.

    Args: open_one, opens the submission for one check; things, lent as they are for a session.
    """

    @pytest.fixture
    def submission() -> Iterator[Any]:
        with open_one() as opened:
            yield opened

    plugin = types.ModuleType("lent")
    plugin.__dict__["submission"] = submission
    for name, thing in things.items():
        plugin.__dict__[name] = pytest.fixture(scope="session", name=name)(_giving(thing))
    return plugin


def _giving(thing: Any) -> Callable[[], Any]:
    return lambda: thing
