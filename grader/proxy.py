"""The submission as a check sees it: functions, modules, iterators, callbacks.

submission.softmax(x, dim=-1)              a call, answered with a value
layer = submission.MultiHeadAttention(16, 4)   anything that is no value stays in the box
layer(x); layer.training; layer.parameters(); layer.load_state_dict(state)
submission.softmax.vjp(x, cotangent=g)     a backward pass inside the box
submission.softmax.many([(x,), (y,)])      many small calls in one frame
for loss in submission.train(model, get_batch, 100): ...   get_batch is answered out here
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from grader import wire
from grader.box import Run

TRACE_CALLS = 200
TRACE_BYTES = 1 << 23
EACH = 64


class SubmissionError(Exception):
    """The submission raised. Hypothesis may look for a smaller input that does the same."""

    def __init__(self, call: str, kind: str, message: str, line: int | None, memory: bool) -> None:
        raised = f" raised {kind}: {message}" if message else f" raised {kind}"
        # What cannot cross the wire was returned, not raised.
        super().__init__(call + (f": {message}" if kind == "WireError" else raised))
        self.call, self.kind, self.message = call, kind, message
        self.line, self.memory = line, memory


class SubmissionEnded(BaseException):
    """The worker died, fell silent or spoke nonsense: there is nothing left to ask.

    A BaseException, so that hypothesis stops at once and does not try to shrink it.
    """

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"{call}: {reason}")
        self.call, self.reason, self.timeout = call, reason, reason == "timeout"


class Refused(Exception):
    """Raised by a callback to refuse the submission something; it sees a RuntimeError."""


class Gradients(NamedTuple):
    """What a backward pass gave."""

    out: Any
    inputs: dict[int | str, torch.Tensor | None]
    """By position or keyword; None where the output does not depend on that argument."""
    parameters: dict[str, torch.Tensor | None]


class Parameter(NamedTuple):
    """A parameter of a module, without its values."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    requires_grad: bool


@dataclass
class Question:
    """One question and its answer, kept so that known mistakes can be asked the same."""

    ask: dict[str, Any]
    value: Any = None
    error: str = ""


@dataclass
class Trace:
    """The questions of the current example, as long as they stay small."""

    questions: list[Question] = field(default_factory=list)
    complete: bool = True
    bytes: int = 0

    def add(self, question: Question) -> None:
        self.bytes += _bytes(question.ask) + _bytes(question.value)
        if len(self.questions) >= TRACE_CALLS or self.bytes > TRACE_BYTES:
            self.complete = False
        if self.complete:
            self.questions.append(question)


class Submission:
    """One loaded submission in one run of the box."""

    def __init__(self, run: Run, name: str, source: str) -> None:
        self._run = run
        self._callbacks: list[Callable[..., Any]] = []
        self._released: list[int] = []
        self._closed = False
        self.trace = Trace()
        self.ask({"op": "load", "name": name, "source": source}, name)
        self.begin()

    def begin(self) -> None:
        """A new example starts: what was asked so far belongs to an earlier one."""
        self.trace = Trace()

    def __getattr__(self, name: str) -> Remote:
        if name.startswith("_"):
            raise AttributeError(name)
        return Remote(self, None, name, name)

    def value(self, name: str) -> Any:
        """A constant of the file. Raises: SubmissionError if it defines no such name."""
        return self.ask({"op": "get", "on": None, "name": name}, name)["value"]

    @property
    def spent(self) -> float:
        """CPU seconds of its process, once that has ended; told by the process that forked it."""
        return self._run.facts.cpu_s if self._run.facts else 0.0

    def ask(self, question: dict[str, Any], call: str) -> dict[str, Any]:
        """Send one question and wait for its answer, serving callbacks meanwhile.

        Raises: SubmissionError, SubmissionEnded.
        """
        if self._released:
            question = {**question, "release": self._released}
            self._released = []
        kept = Question({key: each for key, each in question.items() if key != "release"})
        self._send(question, call)
        answer = self._receive(call)
        while "callback" in answer:
            self._send(self._serve(answer, call), call)
            answer = self._receive(call)
        if answer.get("ok") is not True:
            error = _error(answer, call)
            kept.error = f"{error.kind}: {error.message}"
            self.trace.add(kept)
            raise error
        if "value" not in answer:
            raise SubmissionEnded(call, "an answer that is not one")
        kept.value = whole(answer)
        self.trace.add(kept)
        return answer

    def _send(self, question: dict[str, Any], call: str) -> None:
        body: list[Any] = []
        tree = wire.encode(question, body, self._lend)
        try:
            wire.send(self._run.socket, tree, body, self._run.deadline)
        except TimeoutError:
            raise SubmissionEnded(call, "timeout") from None
        except OSError:
            raise SubmissionEnded(call, "the process ended") from None

    def _receive(self, call: str) -> dict[str, Any]:
        try:
            tree, body = wire.receive(self._run.socket, self._run.deadline)
            answer = wire.decode(tree, body, lambda reference: self._adopt(reference, call))
        except TimeoutError:
            raise SubmissionEnded(call, "timeout") from None
        except (wire.WireError, OSError) as error:
            raise SubmissionEnded(call, str(error)) from None
        if not isinstance(answer, dict):
            raise SubmissionEnded(call, "an answer that is not one")
        return answer

    def _lend(self, thing: Any) -> wire.Handle | wire.Callback | wire.Seeded:
        """What a check may pass besides values: handles, functions, generators."""
        if isinstance(thing, Remote) and thing.handle:
            return thing.handle
        if isinstance(thing, torch.Generator):
            return wire.Seeded(thing.initial_seed())
        if callable(thing) and not isinstance(thing, Remote):
            self._callbacks.append(thing)
            return wire.Callback(len(self._callbacks) - 1)
        raise TypeError(f"a check passed a {type(thing).__name__}, which cannot enter the box")

    def _adopt(self, reference: Any, call: str) -> Remote:
        if not isinstance(reference, wire.Handle):
            raise wire.WireError("a reference that is not one")
        return Remote(self, reference, None, call.split("(")[0])

    def _serve(self, answer: dict[str, Any], call: str) -> dict[str, Any]:
        number, args, kwargs = answer["callback"], answer.get("args"), answer.get("kwargs")
        lent = type(number) is int and 0 <= number < len(self._callbacks)
        if not lent or not isinstance(args, tuple) or not isinstance(kwargs, dict):
            raise SubmissionEnded(call, "a callback that is not one")
        function = self._callbacks[number]
        try:
            return {"value": function(*args, **kwargs)}
        except Refused as refusal:
            return {"refused": str(refusal)}
        except TypeError as error:
            # Called with arguments that the function does not take: theirs, not ours.
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            return {"refused": "called with arguments that it does not take"}


class Remote:
    """A function of the file, or something that stays in the box."""

    def __init__(
        self, owner: Submission, handle: wire.Handle | None, name: str | None, label: str
    ) -> None:
        self._owner, self.handle, self._name, self.label = owner, handle, name, label

    def _ask(self, op: str, **rest: Any) -> dict[str, Any]:
        target = {"on": self.handle and self, "name": self._name}
        return self._owner.ask({"op": op, **target, **rest}, self.label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", args=args, kwargs=kwargs)["value"]

    def keeping(self, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Call, and also return the arguments as they are afterwards."""
        answer = self._ask("call", args=args, kwargs=kwargs, keep=True)
        kept = answer.get("kept")
        if not isinstance(kept, tuple) or len(kept) != 2:
            raise SubmissionEnded(self.label, "an answer that is not one")
        return answer["value"], kept[0], kept[1]

    def many(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        """One call for each tuple of positional arguments, in one frame."""
        pairs: list[Any] = [(args, {}) for args in calls]
        values = self._ask("many", calls=pairs)["value"]
        if not isinstance(values, list) or len(values) != len(calls):
            raise SubmissionEnded(self.label, "an answer that is not one")
        return values

    def vjp(self, *args: Any, cotangent: Any, **kwargs: Any) -> Gradients:
        """Gradients of <output, cotangent> by every floating tensor argument and parameter.

        Args: cotangent like the output; a tuple for several outputs, None to leave one out.
        """
        value = self._ask("vjp", args=args, kwargs=kwargs, cotangent=cotangent)["value"]
        if not isinstance(value, tuple) or len(value) != 3:
            raise SubmissionEnded(self.label, "an answer that is not one")
        out, inputs, parameters = value
        named = isinstance(inputs, dict) and isinstance(parameters, dict)
        if not named or not all(isinstance(key, str) for key in (*inputs, *parameters)):
            raise SubmissionEnded(self.label, "an answer that is not one")
        by_place = {_place(key): each for key, each in inputs.items()}
        return Gradients(out, by_place, parameters)

    def parameters(self) -> list[Parameter]:
        """Names, shapes, dtypes and requires_grad of a module's parameters, in order."""
        rows = self._only_handle()._ask_plain("parameters")
        if not isinstance(rows, list) or not all(map(_is_parameter, rows)):
            raise SubmissionEnded(self.label, "an answer that is not one")
        return [Parameter(name, tuple(shape), *rest) for name, shape, *rest in rows]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        question = {"op": "get", "on": self._only_handle(), "name": name}
        return self._owner.ask(question, f"{self.label}.{name}")["value"]

    def __iter__(self) -> Iterator[Any]:
        while (answer := self._ask_next())["more"]:
            yield answer["value"]

    def _ask_next(self) -> dict[str, Any]:
        answer = self._owner.ask({"op": "next", "on": self._only_handle()}, self.label)
        if not isinstance(answer.get("more"), bool):
            raise SubmissionEnded(self.label, "an answer that is not one")
        return answer

    def _ask_plain(self, op: str) -> Any:
        return self._owner.ask({"op": op, "on": self}, self.label)["value"]

    def _only_handle(self) -> Remote:
        if self.handle is None:
            raise TypeError(f"`{self.label}` is a name of the file, not an object: call it first")
        return self

    def __del__(self) -> None:
        if self.handle is not None:
            self._owner._released.append(self.handle.id)

    def __repr__(self) -> str:
        return f"<{self.handle.name if self.handle else self.label}>"


def whole(answer: dict[str, Any]) -> Any:
    """All that an answer says: its value, with the arguments afterwards where they were asked."""
    return (answer["value"], answer["kept"]) if "kept" in answer else answer["value"]


def _is_parameter(row: Any) -> bool:
    """Whether a row is name, shape, dtype and requires_grad."""
    if not isinstance(row, tuple) or [type(each) for each in row] != [str, list, torch.dtype, bool]:
        return False
    return all(type(side) is int for side in row[1])


def _place(key: str) -> int | str:
    """An argument's position, or its name."""
    return int(key) if len(key) < 4 and key.isascii() and key.isdecimal() else key


def _error(answer: dict[str, Any], call: str) -> SubmissionError:
    """The learner's exception, from fields that may hold anything."""
    # Only text is taken as text: to print a large tensor, or a list of a million, takes minutes.
    texts = [answer.get("type"), answer.get("message")]
    kind, message = (each if isinstance(each, str) else "" for each in texts)
    line = answer.get("line")
    line = line if type(line) is int and 0 < line < 10**6 else None
    kind = kind[:80] or "an exception"
    return SubmissionError(call, kind, message[:2000], line, answer.get("memory") is True)


def _bytes(value: Any) -> int:
    """About what a value takes in memory, each part of it with what Python adds."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return EACH + value.nbytes
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, tuple | list):
        return EACH + sum(map(_bytes, value))
    return EACH + (len(value) if isinstance(value, str) else 0)
