"""Your 22 questions about autograd's rules: two for each of eleven misconceptions.

A template is a short program with holes for numbers, the expression that is asked for, and what the
misconception would answer. Numbers are drawn again until that differs from the truth.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

EACH = 2
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Question:
    """One expression after a short program."""

    program: str
    asks: str
    right: Any
    """True, False, a number, or "error"."""
    misconception: str
    misread: Any

    def __str__(self) -> str:
        return "\n    ".join(["", *self.program.splitlines(), f">>> {self.asks}"])

    def answer(self, misconception: str = "") -> Any:
        """True, False, a number or "error", as it stands in the answers file."""
        return self.misread if misconception == self.misconception else self.right

    @staticmethod
    def read(answer: Any) -> Any:
        """What a learner wrote, in the words of `answer`. Raises: ValueError if illegal."""
        if isinstance(answer, str):
            answer = {"true": True, "false": False, "error": "error"}.get(answer.lower())
            if answer is None:
                raise ValueError("write true, false, error, or a number")
        if isinstance(answer, list | dict) or (
            isinstance(answer, float) and not math.isfinite(answer)
        ):
            raise ValueError("write true, false, error, or a number")
        return answer

    def agrees(self, mine: Any) -> bool:
        """Whether an answer that was read is right."""
        return _same(mine, self.right)


def _same(a: Any, b: Any) -> bool:
    if type(a) in (int, float) and type(b) in (int, float):
        return abs(a - b) <= TOLERANCE * max(1.0, abs(b))
    return type(a) is type(b) and bool(a == b)


class Template(NamedTuple):
    """A program with holes; `misread` is what the misconception answers, as an expression."""

    program: str
    asks: str
    misread: str


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """22 questions, q01 to q22, in no order."""
    chosen = [
        _fill(name, templates[i], rng)
        for name, templates in TEMPLATES.items()
        for i in rng.permutation(len(templates))[:EACH]
    ]
    order = rng.permutation(len(chosen))
    return {f"q{number:02}": chosen[i] for number, i in enumerate(order, 1)}


def _fill(misconception: str, template: Template, rng: np.random.Generator) -> Question:
    """Fill the holes until the misconception is wrong."""
    while True:
        a, b, n = (int(each) for each in rng.choice([2, 3, 4, 5, 6, 7], 3, replace=False))
        program, asks, wrong = (text.format(a=a, b=b, n=n) for text in template)
        right, misread = _run(program, asks), _run("", wrong)
        if not _same(right, misread):
            return Question(program, asks, right, misconception, misread)


def _run(program: str, asks: str) -> Any:
    """What the expression gives after the program; "error" if either raises."""
    names: dict[str, Any] = {"torch": torch}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of the .grad of an inner node
        try:
            exec(program, names)
            return eval(asks, names)
        except (RuntimeError, AttributeError):
            return "error"


X = "x = torch.tensor([{a}., {b}.], requires_grad=True)\n"
W = "w = torch.tensor({a}., requires_grad=True)\n"
PLAIN = "x = torch.tensor([{a}., {b}.])\n"
INFERENCE = X + "with torch.inference_mode():\n    y = {n} * x\n"
FALSE, TRUE = "False", "True"

TEMPLATES = {
    "tracked_by_itself": (
        Template(PLAIN + "y = {n} * x", "y.requires_grad", TRUE),
        Template(PLAIN + "L = ({n} * x).sum()\nL.backward()", "x.grad is None", FALSE),
        Template(
            PLAIN + W.replace("{a}", "{n}") + "(w * x).sum().backward()", "x.grad is None", FALSE
        ),
    ),
    "integers_tracked": (
        Template("x = torch.tensor([{a}, {b}], requires_grad=True)", "x.requires_grad", TRUE),
        Template("x = torch.arange({n}).requires_grad_()", "x.requires_grad", TRUE),
        Template("x = torch.zeros({n}).long()\nx.requires_grad = True", "x.requires_grad", TRUE),
    ),
    "inner_nodes_keep_grad": (
        Template(X + "y = {n} * x\ny.sum().backward()", "y.grad is None", FALSE),
        Template("w = torch.ones({n}, requires_grad=True) * 0.1", "w.is_leaf", TRUE),
        Template(
            "w = torch.ones({n}, requires_grad=True).double()\n(w ** 2).sum().backward()",
            "w.grad is None",
            FALSE,
        ),
    ),
    "grad_starts_at_zero": (
        Template(X, "x.grad is None", FALSE),
        Template(
            "layer = torch.nn.Linear({n}, 1)\nlayer(torch.ones({n})).backward()\nlayer.zero_grad()",
            "layer.weight.grad is None",
            FALSE,
        ),
        Template(X + W.replace("{a}", "{n}") + "(w * w).backward()", "x.grad is None", FALSE),
    ),
    "no_grad_changes_leaves": (
        Template(X + "with torch.no_grad():\n    y = {n} * x", "x.requires_grad", FALSE),
        Template(
            "with torch.no_grad():\n    w = torch.ones({n}, requires_grad=True)",
            "w.requires_grad",
            FALSE,
        ),
        Template(X + "with torch.no_grad():\n    x -= {n}", "x.requires_grad", FALSE),
    ),
    "cut_is_tracked": (
        Template(X + "with torch.no_grad():\n    y = {n} * x", "y.grad_fn is None", FALSE),
        Template(X + "y = {n} * x.detach()", "y.requires_grad", TRUE),
        Template(
            W + "c = (w * w).item()\nL = c * w\nL.backward()", "w.grad.item()", "3. * {a} ** 2"
        ),
    ),
    "detach_copies": (
        Template(X + "d = x.detach()\nd[0] = 10.", "x[0].item()", "{a}."),
        Template(X + "x.detach().add_({n})", "x[1].item()", "{b}."),
        Template(
            X + "d = x.detach()\nwith torch.no_grad():\n    x.mul_({n})", "d[0].item()", "{a}."
        ),
    ),
    "graph_stays": (
        Template(W + "L = w ** 3\nL.backward()\nL.backward()", "w.grad.item()", "6. * {a} ** 2"),
        Template(
            W + "y = w * w\n({n} * y).backward()\n(y + {b}).backward()",
            "w.grad.item()",
            "2. * {a} * ({n} + 1)",
        ),
        Template(
            X + "h = x ** 2\nh.sum().backward()\n({n} * h).sum().backward()",
            "x.grad[0].item()",
            "2. * {a} * ({n} + 1)",
        ),
    ),
    "leaf_in_place": (
        Template(X + "x += {n}", "x[0].item()", "{a}. + {n}"),
        Template(X + "x[1] = {n}.", "x[1].item()", "{n}."),
        Template(W + "w.mul_({n})", "w.item()", "{a}. * {n}"),
    ),
    "backward_of_many": (
        Template(X + "y = {n} * x\ny.backward()", "x.grad[0].item()", "{n}."),
        Template(X + "y = torch.ones({n}, 2) @ x\ny.backward()", "x.grad[0].item()", "{n}."),
        Template(
            "X = torch.full(({n}, 2), {a}., requires_grad=True)\nX.sum(0).backward()",
            "X.grad[0, 0].item()",
            "1.",
        ),
    ),
    "inference_is_no_grad": (
        Template(INFERENCE + "(x * y).sum().backward()", "x.grad is None", FALSE),
        Template(INFERENCE + "y.requires_grad_()", "y.requires_grad", TRUE),
        Template(INFERENCE + "y.add_(1)", "y[0].item()", "{a}. * {n} + 1"),
    ),
}
