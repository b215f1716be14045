"""Name a wrong answer: ask the known mistakes the same questions and compare."""

from __future__ import annotations

import math
import time
import types
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader import catalogue
from grader.answers import Answers, number, written
from grader.box import Box
from grader.catalogue import Mistake
from grader.model import Exercise
from grader.proxy import (
    Question,
    Remote,
    Submission,
    SubmissionEnded,
    SubmissionError,
    Trace,
    whole,
)

SECONDS = 40.0
"""For all replays of one failure; so long that it hardly ever decides what is named."""
REPLAY_S = 5.0
CHANGES = (
    "It answers the same question differently in another run: draw no random numbers here, unless "
    "from a generator that you are given, and fill all that `torch.empty` makes."
)
ASKED = ("op", "on", "name", "args", "kwargs", "cotangent", "calls", "keep")


def name(
    exercise: Exercise, box: Box, source: str, trace: Trace, seed: int, suspects: list[Mistake]
) -> tuple[str, ...]:
    """The sentences of the known mistakes that answer every question as the submission did.

    Where there is none, whether the submission's answers change from run to run.

    Args:
        source    of the submission
        suspects  those that were named before, which are asked first; the list is kept up

    What a check hands back in a later question, such as a cache, is the submission's own design:
    it is not compared, and each file gets its own back.
    Empty where the answers equal the reference's, or the trace is too long or holds callbacks.
    """
    path = exercise.solution / "reference.py"
    if not trace.questions or not trace.complete or _has_callbacks(trace) or not path.exists():
        return ()
    ask = partial(replay, box, trace, seed, time.monotonic() + SECONDS)
    theirs = [_answer(each) for each in trace.questions]
    right = path.read_text("utf-8")
    (reference,) = ask([right])
    handed = handed_back(trace)
    if reference is None or same(theirs, reference, handed):
        return ()
    known = catalogue.mistakes(exercise)
    for group in filter(None, (suspects, [each for each in known if each not in suspects])):
        sources = [catalogue.source(exercise, mistake.path) for mistake in group]
        *answers, again = ask([*sources, right])
        if not same(again, reference):  # one of them left its mark on the process that they share
            answers = [answer for source in sources for answer in ask([source])]
        named = [m for m, a in zip(group, answers, strict=True) if same(theirs, a, handed)]
        if named:
            suspects[:] = [*named, *(each for each in suspects if each not in named)]
            return tuple(mistake.sentence for mistake in named)
    return (CHANGES,) if _changes(source, (right, reference), box, trace, seed) else ()


def _changes(source: str, right: tuple[str, list[Any]], box: Box, trace: Trace, seed: int) -> bool:
    """Whether the submission answers a question otherwise in another run, the reference not.

    The reference draws random numbers too where it may, as for the weights of a layer.

    Args: right, the reference's source and its answers at this seed.
    """
    if any(each.error for each in trace.questions):  # its message may name an address in memory
        return False
    theirs, handed = [each.value for each in trace.questions], handed_back(trace)
    ask = partial(replay, box, trace, seed + 1, math.inf)
    (again,) = ask([source])
    if again is None or same(theirs, again, handed):
        return False
    reference, first = right
    (second,) = ask([reference])
    if second is None:
        return False
    rows = zip(theirs, again, first, second, strict=True)
    return any(not same(a, b, handed) and same(c, d) for a, b, c, d in rows)


def name_answer(exercise: Exercise, answers: Answers, questions: dict[str, Any]) -> tuple[str, ...]:
    """The same for predicted answers: mistakes that give the last read item's wrong value."""
    item = answers.last
    if item not in questions:
        return ()
    got, question = answers[item], questions[item]
    reference = exercise.solution / "reference.py"
    if got is None or alike(got, _written(exercise, reference, question)):
        return ()
    return tuple(
        each.sentence
        for each in catalogue.mistakes(exercise)
        if alike(got, _written(exercise, each.path, question))
    )


def alike(got: Any, expected: Any) -> bool:
    """Whether two answers of YAML say the same: numbers to 1 in 1,000, as in hand work.

    A fraction may stand as text, as in "3/8". Whole numbers must be equal.
    """
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(alike, got, expected))
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(alike(got[k], expected[k]) for k in got)
    if isinstance(got, int) and isinstance(expected, int):
        return got == expected
    numbers = _number(got), _number(expected)
    if None in numbers:
        return bool(got == expected)
    return math.isclose(*numbers, rel_tol=1e-3, abs_tol=1e-3)  # type: ignore[arg-type]


def _number(value: Any) -> float | None:
    try:
        return number(value)
    except ValueError:
        return None


def _written(exercise: Exercise, path: Path, question: Any) -> Any:
    """The answer of one of our files as it reads in YAML, where a tuple is a list."""
    return Answers(written(answer_of(exercise, path), {"": question}, path.name))[""]


def answer_of(exercise: Exercise, path: Path) -> Any:
    """The function `answer(question)` of a reference or mistake: our own program, run out here."""
    module = types.ModuleType(path.stem)
    exec(compile(catalogue.source(exercise, path), path.name, "exec"), module.__dict__)
    return module.answer


def replay(
    box: Box, trace: Trace, seed: int, until: float, sources: list[str]
) -> list[list[Any] | None]:
    """What other files answer to the same questions, each of them; None if it cannot be asked.

    They are asked one after another in one process. After one that ends it, the next begins.

    Args: until, in seconds of time.monotonic().
    """
    limits = box.limits.model_copy(update={"wall_s": REPLAY_S, "cpu_s": SECONDS})
    found: list[list[Any] | None] = []
    while len(found) < len(sources):
        with box.run(limits, seed) as run, suppress(SubmissionEnded):
            for source in sources[len(found) :]:
                run.deadline = min(time.monotonic() + REPLAY_S, until)
                found.append(None)
                with suppress(SubmissionError, KeyError):
                    found[-1] = _answers(Submission(run, "replay.py", source), trace)
    return found


def _answers(other: Submission, trace: Trace) -> list[Any]:
    """Raises: KeyError for an object that the other file never made."""
    known: dict[int, Any] = {}
    return [_ask_again(other, each, known) for each in trace.questions]


def _ask_again(other: Submission, question: Question, known: dict[int, Any]) -> Any:
    ask = {key: _swap(question.ask[key], known) for key in ASKED if key in question.ask}
    try:
        value = whole(other.ask(ask, "replay"))
    except SubmissionError as error:
        return f"{error.kind}: {error.message}"
    _learn(question.value, value, known)
    return value


def handed_back(trace: Trace) -> frozenset[int]:
    """Identities of all that was ever an argument, or itself asked for something."""
    found: set[int] = set()

    def collect(value: Any) -> None:
        found.add(id(value))
        if isinstance(value, tuple | list):
            for each in value:
                collect(each)
        if isinstance(value, dict):
            for each in value.values():
                collect(each)

    for question in trace.questions:
        for key in ("on", "args", "kwargs", "calls", "cotangent"):
            collect(question.ask.get(key))
    return frozenset(found)


def _swap(value: Any, known: dict[int, Any]) -> Any:
    """The same value with what the submission answered replaced by what the other file answered."""
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, Remote) and value.handle:
        raise KeyError(value.label)
    if isinstance(value, tuple | list):
        swapped = [_swap(each, known) for each in value]
        return tuple(swapped) if isinstance(value, tuple) else swapped
    if isinstance(value, dict):
        return {key: _swap(each, known) for key, each in value.items()}
    return value


def _learn(theirs: Any, other: Any, known: dict[int, Any]) -> None:
    """Remember what the other file gave in place of what the submission gave."""
    if isinstance(theirs, Remote | tuple | list | dict | torch.Tensor | np.ndarray):
        known[id(theirs)] = other
    if isinstance(theirs, tuple | list) and isinstance(other, tuple | list):
        for a, b in zip(theirs, other, strict=False):
            _learn(a, b, known)
    elif isinstance(theirs, dict) and isinstance(other, dict):
        for key in theirs.keys() & other.keys():
            _learn(theirs[key], other[key], known)


def _answer(question: Question) -> Any:
    return question.error or question.value


def same(a: Any, b: Any, handed: frozenset[int] = frozenset()) -> bool:
    """Whether two answers agree, tensors within 1e-4 relative and 1e-6 absolute.

    Args: handed, identities of parts of `a` that are not compared.
    """
    if id(a) in handed and isinstance(a, Remote | tuple | list | dict | torch.Tensor | np.ndarray):
        return True
    if isinstance(a, Remote) and isinstance(b, Remote):
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        a, b = torch.from_numpy(a), torch.from_numpy(b)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return torch.allclose(a.double(), b.double(), rtol=1e-4, atol=1e-6, equal_nan=True)
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) or (a != a and b != b)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(same(x, y, handed) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], handed) for key in a)
    return type(a) is type(b) and bool(a == b)


def _has_callbacks(trace: Trace) -> bool:
    def inside(value: Any) -> bool:
        if isinstance(value, tuple | list):
            return any(inside(each) for each in value)
        if isinstance(value, dict):
            return any(inside(each) for each in value.values())
        return callable(value) and not isinstance(value, Remote | torch.dtype)

    passed = ("args", "kwargs", "calls")
    return any(inside(each.ask.get(key)) for each in trace.questions for key in passed)
