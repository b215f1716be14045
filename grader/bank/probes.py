"""The probes that every base has, as checks; its `checks.py` imports them and adds its own.

Each judges one trial, and all must hold, whatever was broken: a fix may not mend one thing by
spoiling another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.bank import trial as trials
from grader.bank.bank import TRIALS, Base
from grader.bank.trial import Trial
from grader.meter import MIB
from grader.oracle import Mismatch

SLACK = 0.98
"""Share of the planned steps that must have moved the parameters."""
AWAKE = 0.3
"""Share of the clean script's operations that the meter must have seen."""
TINY = 1e-12
"""A gradient below this is none."""


@pytest.fixture(scope="module")
def trial(fresh: Any, seed: int, request: pytest.FixtureRequest) -> Trial:
    """One training; `measure` of the base's checks looks at its model."""
    here = Path(request.path).parent
    base = Base(here.parents[3] / "exams" / "bank" / here.name, here)
    item, number = divmod(seed, TRIALS)
    return trials.run(fresh, base, request.module.measure, item=item, number=number)


def check_runs(trial: Trial) -> None:
    """The script trains to its end within the memory of the device."""
    if trial.crash:
        raise trial.crash


def check_finite(trial: Trial) -> None:
    """Every loss, of training and validation, is a finite number."""
    if trial.unfinished.startswith("a loss was"):
        raise Mismatch(trial.unfinished)


def check_shape(trial: Trial) -> None:
    """The model is the one that the design asks for."""
    wanted, got = trial.expected.shapes, trial.shapes
    if wanted != got and (trial.shapes or not trial.crash):
        other = sorted(name for name in wanted.keys() | got if wanted.get(name) != got.get(name))
        first = other[0]
        raise Mismatch(f"{first}: shape {got.get(first)}, the design has {wanted.get(first)}")


def check_steps(trial: Trial, record: Any) -> None:
    """Every planned step of training moves the parameters."""
    ended(trial)
    planned = trial.expected.steps
    record.measure("steps", trial.moves, bar=planned)
    if trial.moves < SLACK * planned:
        raise Mismatch(f"{trial.moves} of {planned} planned steps moved the parameters")


def check_all_grads(trial: Trial) -> None:
    """Every parameter gets a gradient from the output of the trained model."""
    ended(trial)
    idle = sorted(name for name, grad in trial.gradients.items() if not grad.norm() > TINY)
    if idle:
        raise Mismatch(f"{len(idle)} parameters get no gradient, the first is {idle[0]}")


def check_memory(trial: Trial, record: Any) -> None:
    """Nothing is asked of the device that it has not, and the meter sees the whole training."""
    peak, seen = trial.memory["peak"] / MIB, trial.memory["operations"]
    record.measure("peak", peak, "MiB", bar=trial.device_mb, better="lower")
    record.measure("operations", seen)
    if trial.memory["refusals"]:
        raise Mismatch(f"the device refused an allocation {trial.memory['refusals']} times")
    ended(trial)
    if seen < AWAKE * trial.expected.operations:
        raise Mismatch(f"the meter saw {seen:,} operations of about {trial.expected.operations:,}")


def ended(trial: Trial) -> None:
    """Raises: Mismatch where a training did not come to an end that can be judged."""
    if trial.unfinished:
        raise Mismatch(f"not measured, because {trial.unfinished}")


def reaches(trial: Trial, record: Any, name: str, bar: float, *, better: str = "higher") -> None:
    """What was measured under this name is at least, or at most, so much."""
    ended(trial)
    value = trial.measures[name]
    record.measure(name, value, bar=bar, better=better)
    word, holds = ("at least", value >= bar) if better == "higher" else ("at most", value <= bar)
    if not holds:
        raise Mismatch(f"{name} is {value:.3f}, and {word} {bar:g} is asked for")
