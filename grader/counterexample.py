"""Turn a failed comparison and the questions that led to it into what a learner reads."""

from __future__ import annotations

import ast
import math
import reprlib
from typing import Any

import numpy as np
import torch

from grader.model import Array, Counterexample
from grader.proxy import Question, Remote, Trace
from grader.wire import memory_order

SHOWN = 64


def counterexample(error: BaseException, trace: Trace, source: str) -> Counterexample | None:
    """The last call, and what an oracle's Mismatch carries; None if there is neither."""
    # An incomplete trace lacks its end, so the call that failed is not in it.
    asked = reversed(trace.questions) if trace.complete else ()
    last = next((q for q in asked if q.ask["op"] in ASKING), None)
    expected, got = getattr(error, "expected", None), getattr(error, "got", None)
    if last is None and expected is None and got is None:
        return None
    call, inputs = describe(last, source) if last else ("", {})
    return Counterexample(
        call=call,
        inputs=inputs,
        expected=array(expected),
        got=array(got),
        at=getattr(error, "at", None),
        error=_finite(getattr(error, "error", None)),
        allowed=_finite(getattr(error, "allowed", None)),
    )


ASKING = ("call", "vjp", "many")
CALLED = ("forward", "__call__")


def describe(question: Question, source: str) -> tuple[str, dict[str, Array | str]]:
    """A question as text, `softmax(x, dim=0)`, and its tensors by name."""
    ask = question.ask
    label = ask["name"] or getattr(ask["on"], "label", "module")
    args, kwargs = ask.get("args", ()), ask.get("kwargs", {})
    if ask["op"] == "many" and ask["calls"]:
        args = ask["calls"][0][0]
    names = parameter_names(source, label, *(CALLED if ask["on"] else ("__init__",)))
    names = names if len(names) >= len(args) else [f"argument {i + 1}" for i in range(len(args))]
    inputs: dict[str, Array | str] = {}
    words = []
    for name, value in [*zip(names, args, strict=False), *kwargs.items()]:
        shown = array(value)
        text = name if shown is not None else _short(value)
        words.append(f"{name}={text}" if name in kwargs else text)
        if shown is not None:
            inputs[name] = shown.model_copy(update={"transposed": _is_transposed(value)})
    after = ".backward" if ask["op"] == "vjp" else ""
    return f"{label}({', '.join(words)}){after}", inputs


def parameter_names(source: str, name: str, *methods: str) -> list[str]:
    """The positional parameters of a function, or of the first of these methods of a class."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name in methods]
            return _positional(made[0])[1:] if made else []
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [word for word in _positional(node) if word != "self"]
    return []


def _positional(function: ast.FunctionDef) -> list[str]:
    return [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]


def array(value: Any) -> Array | None:
    """A tensor or numpy array as plain numbers, if it is one; without values if it is large."""
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.ascontiguousarray(value))
    if not isinstance(value, torch.Tensor):
        return None
    numbers = value.reshape(-1).tolist() if value.numel() <= SHOWN else []
    dtype = str(value.dtype).removeprefix("torch.")
    return Array(shape=tuple(value.shape), dtype=dtype, values=tuple(float(n) for n in numbers))


def _is_transposed(value: Any) -> bool:
    """Whether the box got it with its axes in another order in memory, which `view` minds."""
    if not isinstance(value, torch.Tensor) or value.is_contiguous():
        return False
    return value.permute(memory_order(value)).is_contiguous()


class _Brief(reprlib.Repr):
    """Never prints the numbers of a tensor, nor a long list to its end: both take minutes."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxdict = 20
        self.maxstring = self.maxother = self.maxlong = 100

    def repr_Tensor(self, value: torch.Tensor, level: int) -> str:  # noqa: N802 - named by type
        return f"tensor{tuple(value.shape)}"

    def repr_ndarray(self, value: np.ndarray, level: int) -> str:
        return f"array{value.shape}"


BRIEF = _Brief()


def _short(value: Any) -> str:
    if isinstance(value, Remote):
        return repr(value)
    if callable(value):
        return getattr(value, "__name__", "function")
    if isinstance(value, torch.Generator):
        return "generator"
    text = " ".join(BRIEF.repr(value).split())
    return text if len(text) <= 40 else text[:37] + "..."


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
