"""The only program that runs a submission's code; it lives in the box.

It loads the source that its socket brings and answers questions until the socket closes.
Only values leave: no answer is ever a verdict.
"""

from __future__ import annotations

import errno
import linecache
import os
import random
import socket
import sys
import types
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NoReturn

import numpy as np
import torch

from grader import wire
from grader.meter import Meter

MESSAGE = 2000


class Refused(RuntimeError):
    """The grader refused a callback, such as one batch more than was agreed."""


class Worker:
    """Answers questions about one submission, or about one after another where all are trusted.

    Args:
        seed       of all generators, whenever a file is loaded
        device_mb  the memory of a simulated device, which all that happens here is held to
    """

    def __init__(self, sock: socket.socket, seed: int, device_mb: float | None = None) -> None:
        self.sock = sock
        self.seed = seed
        self.meter = Meter(device_mb) if device_mb is not None else None
        self.file = ""
        self.module: types.ModuleType  # of `_load`, anew for each file
        self.kept: dict[int, Any] = {}
        self.next_id = 0

    def serve(self) -> NoReturn:
        with self.meter or nullcontext():
            while True:
                self._answer()

    def _answer(self) -> None:
        """One question, from the socket to the socket."""
        try:
            question = self._receive()
        except (wire.WireError, OSError):
            os._exit(0)
        for number in question.pop("release", ()):
            self.kept.pop(number, None)
        try:
            answer = {"ok": True, **getattr(self, "_" + question.pop("op"))(**question)}
            self._send(answer)
        except BaseException as error:
            self._complain(error)

    def _send(self, answer: dict[str, Any]) -> None:
        body: list[Any] = []
        tree = wire.encode(answer, body, self._keep)
        _flush()
        wire.send(self.sock, tree, body)

    def _receive(self) -> dict[str, Any]:
        tree, body = wire.receive(self.sock)
        question: dict[str, Any] = wire.decode(tree, body, self._resolve)
        return question

    def _keep(self, thing: Any) -> wire.Handle:
        self.next_id += 1
        self.kept[self.next_id] = thing
        return wire.Handle(self.next_id, _kind(thing), type(thing).__name__[: wire.MAX_NAME])

    def _resolve(self, reference: wire.Handle | wire.Callback | wire.Seeded) -> Any:
        if isinstance(reference, wire.Handle):
            return self.kept[reference.id]
        if isinstance(reference, wire.Seeded):
            return torch.Generator().manual_seed(reference.seed)
        number = reference.id
        return lambda *args, **kwargs: self._ask(number, args, kwargs)

    def _ask(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the grader's."""
        self._send({"callback": number, "args": args, "kwargs": kwargs})
        reply = self._receive()
        if "refused" in reply:
            raise Refused(reply["refused"])
        return reply["value"]

    def _complain(self, error: BaseException) -> None:
        """Tell what was raised; where even that fails, nothing can be told any more."""
        try:
            self._send(self._describe(error))
        except BaseException:
            os._exit(1)

    def _describe(self, error: BaseException) -> dict[str, Any]:
        line, trace = None, error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == self.file:
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and error.filename == self.file:
            line = error.lineno
        message = _text(lambda: str(error))
        out_of_memory = (
            isinstance(error, MemoryError)
            or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
            or any(words in message for words in ("can't allocate memory", "bad_alloc"))
        )
        return {
            "ok": False,
            "type": _text(lambda: type(error).__name__) or "an exception",
            "message": message,
            "line": line,
            "memory": out_of_memory,
        }

    def _load(self, name: str, source: str) -> dict[str, Any]:
        self.file, self.module = name, types.ModuleType("submission")
        self.kept.clear()
        seed_generators(self.seed)
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        sys.modules["submission"] = self.module
        self.module.__file__ = name
        exec(compile(source, name, "exec", dont_inherit=True), self.module.__dict__)
        return {"value": None}

    def _target(self, on: Any, name: str | None) -> Any:
        owner = self.module if on is None else on
        if name is None:
            return owner
        if on is None and not hasattr(owner, name):
            raise AttributeError(f"the file defines no `{name}`")
        return getattr(owner, name)

    def _get(self, on: Any, name: str) -> dict[str, Any]:
        return {"value": self._target(on, name)}

    def _call(
        self, on: Any, name: str | None, args: Any, kwargs: Any, keep: bool = False
    ) -> dict[str, Any]:
        value = self._target(on, name)(*args, **kwargs)
        return {"value": value, "kept": (args, kwargs)} if keep else {"value": value}

    def _many(self, on: Any, name: str | None, calls: Any) -> dict[str, Any]:
        target = self._target(on, name)
        return {"value": [target(*args, **kwargs) for args, kwargs in calls]}

    def _next(self, on: Any) -> dict[str, Any]:
        try:
            return {"value": next(on), "more": True}
        except StopIteration as stop:
            return {"value": stop.value, "more": False}

    def _parameters(self, on: Any) -> dict[str, Any]:
        named = on.named_parameters()
        return {"value": [(name, list(p.shape), p.dtype, p.requires_grad) for name, p in named]}

    def _memory(self) -> dict[str, Any]:
        """What the meter shows; nothing where there is none."""
        return {"value": self.meter.reading() if self.meter else {}}

    def _watch(self, on: Any) -> dict[str, Any]:
        """A model in training: the norm of each gradient, None where there is none; its end."""
        named = list(on.named_parameters())
        norms = {
            name: None if p.grad is None else p.grad.detach().norm().item() for name, p in named
        }
        last = named[-1][1].detach() if named else None
        return {"value": (norms, last), "memory": self._memory()["value"]}

    def _vjp(self, on: Any, name: str | None, args: Any, kwargs: Any, cotangent: Any) -> Any:
        """Gradients of <output, cotangent> for every floating tensor argument and parameter."""
        leaves: dict[str, torch.Tensor] = {}

        def leaf(key: str, value: Any) -> Any:
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                leaves[key] = value.detach().clone().requires_grad_()
                return leaves[key].clone()  # torch forbids to change a leaf in place
            return value

        target = self._target(on, name)
        owner = target if isinstance(target, torch.nn.Module) else on
        parameters = dict(owner.named_parameters()) if isinstance(owner, torch.nn.Module) else {}
        parameters = {key: p for key, p in parameters.items() if p.requires_grad}
        with torch.enable_grad():
            args = [leaf(str(i), value) for i, value in enumerate(args)]
            kwargs = {key: leaf(key, value) for key, value in kwargs.items()}
            out = target(*args, **kwargs)
            # The product, and not grad_outputs, for which torch imports sympy: half a second.
            products = [(o * c).sum() for o, c in _pairs(out, cotangent)]
        wanted = [*leaves.values(), *parameters.values()]
        grads = torch.autograd.grad(products, wanted, allow_unused=True)
        inputs = dict(zip(leaves, grads, strict=False))
        weights = dict(zip(parameters, grads[len(leaves) :], strict=True))
        return {"value": (out, inputs, weights)}


def seed_generators(seed: int) -> None:
    """Set the generators of random, numpy and torch: a fork shares their state with its parent."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _pairs(out: Any, cotangent: Any) -> list[tuple[Any, Any]]:
    """Outputs with their cotangents; a cotangent of None leaves that output out."""
    outs, cotangents = (out, cotangent) if isinstance(cotangent, tuple) else ((out,), (cotangent,))
    pairs = [(o, c) for o, c in zip(outs, cotangents, strict=False) if c is not None]
    for o, c in pairs:
        if not isinstance(o, torch.Tensor):
            raise TypeError(f"returned {type(o).__name__}, not a tensor, so it has no gradient")
        if not o.requires_grad:
            raise RuntimeError("the result carries no gradient: it was detached from its inputs")
        if o.shape != c.shape:
            raise ValueError(f"shape {tuple(o.shape)}, expected {tuple(c.shape)}")
    return pairs


def _kind(thing: Any) -> str:
    if isinstance(thing, torch.nn.Module):
        return "module"
    if isinstance(thing, type):
        return "class"
    if hasattr(type(thing), "__next__"):
        return "iterator"
    return "function" if callable(thing) else "object"


def _text(read: Callable[[], str]) -> str:
    """Text of an exception, which may itself raise, or hold what UTF-8 cannot."""
    try:
        return read()[:MESSAGE].encode(errors="replace").decode()
    except BaseException:
        return ""


def _flush() -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        pass
