"""One training of a script in the box, followed step by step: its log, and what probes ask.

A script defines `train(data, seed)`, which yields its model and what it has to say about it
(`{"loss": 2.3}`) after every step. What it says is shown and never trusted: between two steps the
grader looks at the model itself, and at the memory of the simulated device.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import torch

from grader.bank.bank import TRIALS, Base
from grader.meter import MIB, Meter
from grader.oracle import assert_tensor
from grader.personal import inside
from grader.proxy import Remote, Submission, SubmissionEnded, SubmissionError

Row = dict[str, Any]
Measure = Callable[[Any, Remote, "Trial", Mapping[str, Any], Mapping[str, Any]], None]
"""Fills `measures` and `gradients` of a trial: (submission, model, trial, given, held)."""


class Seen(NamedTuple):
    """A script after one thing that it yielded."""

    model: Remote
    row: Row
    """step; what it said; gradient, without_gradient, live_mb."""
    last: torch.Tensor | None
    """Its last parameter."""
    memory: dict[str, int]
    """Of the meter: live, peak, operations, refusals."""


def follow(submission: Submission, data: Mapping[str, Any], seed: int) -> Iterator[Seen]:
    """Train, and look at the model whenever the script yields.

    Raises: SubmissionError; SubmissionEnded; AssertionError where it yields something else.
    """
    step, running = -1, submission.train(data, seed)
    for yielded in running if isinstance(running, Remote) else [None]:
        pair = yielded if isinstance(yielded, tuple) and len(yielded) == 2 else (None, None)
        model, said = pair
        if not isinstance(model, Remote) or not isinstance(said, dict):
            raise AssertionError("train must yield (model, dict of numbers) after every step")
        told = {key[:40]: _number(each) for key, each in said.items() if isinstance(key, str)}
        step += "loss" in told
        norms, last, memory = _look(submission, model)
        there = [norm for norm in norms.values() if norm is not None]
        row: Row = {"step": step} | {key: each for key, each in told.items() if each is not None}
        row |= {
            "step": step,  # also where the script tells one
            "gradient": math.sqrt(sum(norm * norm for norm in there)) if there else None,
            "without_gradient": sum(not norm for norm in norms.values()),
            "live_mb": memory["live"] / MIB,
        }
        yield Seen(model, row, last, memory)


def _number(value: Any) -> float | None:
    """A number that was told, also as a tensor of one; None for all else."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if type(value) is int:
        value = float(value) if abs(value) < 1 << 63 else math.inf
    return value if type(value) is float else None


def _look(
    submission: Submission, model: Remote
) -> tuple[dict[str, float | None], torch.Tensor | None, dict[str, int]]:
    answer = submission.ask({"op": "watch", "on": model}, "train")
    value = answer["value"]
    norms, last = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
    if not isinstance(norms, dict) or not isinstance(last, torch.Tensor | None):
        raise SubmissionEnded("train", "an answer that is not one")
    if not all(type(norm) in (float, type(None)) for norm in norms.values()):
        raise SubmissionEnded("train", "an answer that is not one")
    return norms, last, checked(answer.get("memory"))


def checked(memory: Any) -> dict[str, int]:
    """What a meter shows, as it came from the box. Raises: SubmissionEnded."""
    names = ("live", "peak", "operations", "refusals")
    if not isinstance(memory, dict) or not all(type(memory.get(name)) is int for name in names):
        raise SubmissionEnded("train", "an answer that is not one")
    return {name: memory[name] for name in names}


@dataclass
class Trial:
    """What one training came to."""

    expected: Expected
    device_mb: float
    steps: int = 0
    """Losses that were yielded."""
    moves: int = 0
    """Steps after which the last parameter was another one than before."""
    crash: SubmissionError | None = None
    unfinished: str = ""
    """Why it was broken off, as the end of a sentence."""
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, torch.Tensor] = field(default_factory=dict)
    """Of every parameter; zeros where there is none."""


class Expected(NamedTuple):
    """What the clean script shows in its first steps."""

    shapes: dict[str, tuple[int, ...]]
    steps: int
    """That the design plans."""
    operations: int
    """That the meter sees in all of them."""


def expected(base: Base, item_seed: int, given: Mapping[str, Any]) -> Expected:
    """Run three steps of the clean script, which is ours, out here."""
    space: dict[str, Any] = {"__name__": base.name}
    exec(compile(base.clean(item_seed), f"{base.name}.py", "exec"), space)
    counts = []
    with torch.random.fork_rng(), Meter() as meter:
        for model, _ in islice(space["train"](given, 0), 3):
            counts.append(meter.operations)
            shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    steps = base.file.steps
    return Expected(shapes, steps, (counts[2] - counts[1]) * steps)


def run(
    fresh: Callable[[], AbstractContextManager[Any]],
    base: Base,
    measure: Measure,
    *,
    item: int,
    number: int,
) -> Trial:
    """Train once, until the end or until it is clear that it was in vain, and measure.

    Args: item, the seed of the script; number, of the trial: other data for each.
    Raises: SubmissionEnded; AssertionError.
    """
    secret = base.private_seed(item * TRIALS + number)
    given, held = base.data(secret)
    device_mb = base.file.limits.device_mb or 0
    trial = Trial(expected(base, item, given), device_mb)
    with fresh() as submission:
        try:
            # A script that knew the seed of the data could draw what is held.
            model = _train(trial, submission, given, inside(secret))
            trial.memory = checked(submission.ask({"op": "memory"}, "train")["value"])
            if model is not None and not trial.unfinished:
                model.eval()
                measure(submission, model, trial, given, held)
        except SubmissionError as error:
            trial.crash, trial.unfinished = error, "the script raised an exception"
            trial.memory = checked(submission.ask({"op": "memory"}, "train")["value"])
    return trial


def _train(trial: Trial, submission: Any, given: Mapping[str, Any], seed: int) -> Remote | None:
    before, model = None, None
    for model, row, last, memory in follow(submission, given, seed):
        if not trial.rows:
            trial.shapes = _shapes(model)
        trial.rows.append(row)
        trial.memory = memory
        if "loss" in row:
            trial.steps += 1
            trial.moves += last is not None and (before is None or not torch.equal(last, before))
            before = last
        trial.unfinished = _in_vain(trial, row)
        if trial.unfinished:
            break
    if model is None:
        trial.unfinished = "train yielded nothing"
    return model


def _in_vain(trial: Trial, row: Row) -> str:
    said = [value for key, value in row.items() if key.endswith("loss")]
    if not all(map(math.isfinite, said)):
        return f"a loss was {said[0]:g} at step {row['step']}"
    if trial.shapes != trial.expected.shapes:
        return "the model is another one"
    return "an allocation was refused by the device" if trial.memory["refusals"] else ""


def _shapes(model: Remote) -> dict[str, tuple[int, ...]]:
    state = model.state_dict()
    fair = isinstance(state, dict) and all(isinstance(v, torch.Tensor) for v in state.values())
    return {str(name): tuple(value.shape) for name, value in state.items()} if fair else {}


def gradients(model: Remote, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Each parameter's gradient of a random mix of the model's outputs; zeros where is none."""
    out = model(x)
    mix = torch.Generator().manual_seed(0)
    outs = [assert_tensor(each, "model(x)") for each in (out if isinstance(out, tuple) else (out,))]
    mixes = tuple(torch.randn(each.shape, generator=mix) for each in outs)
    found = model.vjp(x, cotangent=mixes if isinstance(out, tuple) else mixes[0]).parameters
    got = {each.name: (found.get(each.name), each.shape) for each in model.parameters()}
    return {
        name: grad if isinstance(grad, torch.Tensor) and grad.shape == shape else torch.zeros(shape)
        for name, (grad, shape) in got.items()
    }
