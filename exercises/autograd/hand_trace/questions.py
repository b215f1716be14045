"""Your 24 questions about eight small programs, with numbers of your own.

A program has holes for whole numbers. Each question about it is an expression, and says what known
misconceptions take that expression for. Numbers are drawn again until every misconception gives
another answer than the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import torch

from grader.answers import number

TOLERANCE = 1e-3


@dataclass(frozen=True)
class Question:
    """One number, list or order that is asked for."""

    program: str
    """Printed above the first question about it; empty for the others."""
    asks: str
    right: Any
    misread: dict[str, Any]
    """By the name of a misconception: its answer."""

    def __str__(self) -> str:
        lines = self.program.splitlines() and ["", *self.program.splitlines()]
        return "\n    ".join([*lines, f"?  {self.asks}"])

    def answer(self, misconception: str = "") -> Any:
        """A number, a list of numbers, or a list of names, as it stands in the answers file."""
        return self.misread.get(misconception, self.right)

    def read(self, answer: Any) -> Any:
        """What a learner wrote, with every number as a float. Raises: ValueError if illegal."""
        if answer is None:
            return None
        if not isinstance(self.right, list):
            return number(answer)
        kind = "names" if isinstance(self.right[0], str) else "numbers"
        if not isinstance(answer, list):
            raise ValueError(f"write a list of {kind} in square brackets")
        return [str(each) if kind == "names" else number(each) for each in answer]

    def agrees(self, mine: Any) -> bool:
        """Whether an answer that was read is right."""
        return _same(mine, self.right)

    @property
    def separates(self) -> bool:
        """Whether every misconception gives an answer of its own."""
        answers = [self.right, *self.misread.values()]
        return not any(_same(a, b) for a, b in combinations(answers, 2))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= TOLERANCE * max(1.0, abs(b))
    return bool(a == b)


@dataclass(frozen=True)
class Ask:
    """A question about a program: `value` is evaluated after it, and so is each misreading."""

    asks: str
    value: str
    misread: dict[str, str] = field(default_factory=dict)


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """24 questions; the items are the same for everyone, the numbers are not."""
    drawn: dict[str, Question] = {}
    for group, (program, asks) in PROGRAMS.items():
        drawn |= _program(group, program, asks, rng)
    return drawn | _orders(rng)


def _program(
    group: str, program: str, asks: dict[str, Ask], rng: np.random.Generator
) -> dict[str, Question]:
    """Fill the holes until no misconception about any of the questions is right."""
    while True:
        holes = _holes(rng)
        text = program.format(**holes)
        names: dict[str, Any] = {"torch": torch}
        exec(text, names)

        def value(expression: str, names: dict = names, holes: dict = holes) -> Any:
            result = eval(expression.format(**holes), names)
            return result.tolist() if isinstance(result, torch.Tensor) else list(result)

        questions = {}
        for item, ask in asks.items():
            misread = {name: value(wrong) for name, wrong in ask.misread.items()}
            shown = "" if questions else text
            questions[f"{group}_{item}"] = Question(shown, ask.asks, value(ask.value), misread)
        if all(each.separates for each in questions.values()):
            return questions


def _holes(rng: np.random.Generator) -> dict[str, Any]:
    """Small whole numbers, none of them 0 or 1 but in X and C; live < dead."""
    signs = rng.choice([-1, 1], 9)
    sizes = rng.choice([2, 3, 4, 5], 9)
    i, j, k, m, n, o, p, q, r = (int(s) * int(v) for s, v in zip(signs, sizes, strict=True))
    live, wide = (int(each) for each in rng.choice([2, 3, 4, 5], 2, replace=False))
    return {
        **{"i": i, "j": j, "k": k, "m": m, "n": n, "o": o, "p": p, "q": q, "r": r},
        "live": live,
        "wide": wide,
        "dead": live + int(rng.integers(1, 4)),
        "X": rng.integers(-4, 5, (4, 3)).tolist(),
        "C": rng.integers(-4, 5, (4, 3)).tolist(),
    }


LEAF = " = torch.tensor({}., requires_grad=True)\n"
W, X_ = "w" + LEAF.format("{i}"), "x" + LEAF.format("{j}")
BRANCH = "branch_passes"

PROGRAMS = {
    "a": (
        "x = torch.tensor([{i}., {j}., {k}.], requires_grad=True)\n"
        "y = (x ** 2).sum()\n"
        "y.backward()",
        {
            "y": Ask("y", "y"),
            "x": Ask("x.grad", "x.grad", {"one_factor_only": "x"}),
        },
    ),
    "b": (
        W + X_ + "y = torch.tensor({k}.)\npred = w * x\nL = (pred - y) ** 2\nL.backward()",
        {
            "pred": Ask("pred", "pred"),
            "L": Ask("L", "L"),
            "w": Ask("w.grad", "w.grad", {"no_inner_factor": "2 * (pred - y)"}),
            "x": Ask("x.grad", "x.grad", {"no_inner_factor": "2 * (pred - y)"}),
        },
    ),
    "c": (
        X_
        + "y"
        + LEAF.format("{k}")
        + "a = x * y\nb = a + x\nc = b * b\nL = c + a\n"
        + "a.retain_grad(); b.retain_grad()\nL.backward()",
        {
            "b": Ask("b.grad", "b.grad", {"one_factor_only": "b"}),
            "a": Ask("a.grad", "a.grad", {"no_accumulation": "2 * b", "one_factor_only": "b + 1"}),
            "x": Ask(
                "x.grad",
                "x.grad",
                {"no_accumulation": "2 * b * y", "one_factor_only": "(b + 1) * y + b"},
            ),
            "y": Ask(
                "y.grad",
                "y.grad",
                {"no_accumulation": "2 * b * x", "one_factor_only": "(b + 1) * x"},
            ),
        },
    ),
    "d": (
        "u"
        + LEAF.format("{live}")
        + "v"
        + LEAF.format("{wide}")
        + "w"
        + LEAF.format("{dead}")
        + "p = torch.relu(u * v)\nq = torch.relu(u - w)\nm = torch.maximum(p, v)\n"
        + "L = {n} * m + w * q\nL.backward()",
        {
            "L": Ask("L", "L"),
            "u": Ask("u.grad", "u.grad", {BRANCH: "u.grad + w"}),
            "v": Ask("v.grad", "v.grad", {BRANCH: "v.grad + {n}"}),
            "w": Ask("w.grad", "w.grad", {BRANCH: "-w"}),
        },
    ),
    "e": (
        W
        + "(w * w).backward()\nfirst = w.grad.clone()\n"
        + "({k} * w).backward()\nsecond = w.grad.clone()\n"
        + "(w ** 3).backward()\nthird = w.grad.clone()",
        {
            "first": Ask("first", "first", {"one_factor_only": "w"}),
            "second": Ask("second", "second", {"second_overwrites": "second - first"}),
            "third": Ask("third", "third", {"second_overwrites": "third - second"}),
        },
    ),
    "f": (
        W + X_ + "z = w * x\nL = z * z.detach()\nL.backward()",
        {
            "w": Ask("w.grad", "w.grad", {"detach_is_nothing": "2 * z * x"}),
            "x": Ask("x.grad", "x.grad", {"detach_is_nothing": "2 * z * w"}),
        },
    ),
    "g": (
        "X = torch.tensor({X}).float()\nC = torch.tensor({C}).float()\n"
        "b = torch.tensor([{i}., {j}., {k}.], requires_grad=True)\n"
        "s = torch.tensor({m}., requires_grad=True)\n"
        "L = ((X + b + s) * C).sum()\nL.backward()",
        {
            "shape": Ask(
                "b.grad.shape", "b.grad.shape", {"bias_not_summed": "[4, 3]", "bias_rows": "[4]"}
            ),
            "b": Ask(
                "b.grad",
                "b.grad",
                {"bias_mean": "C.mean(0)", "bias_not_summed": "C", "bias_rows": "C.sum(1)"},
            ),
            "s": Ask("s.grad", "s.grad", {"bias_mean": "C.mean()", "bias_not_summed": "C"}),
        },
    ),
}

# (lines after x, names breadth first from L). The one order of backward is the lines in reverse.
GRAPHS = (
    ("{0} = x * x|{1} = {0} + x|{2} = {0} * {1}|L = {1} + {2}", "L {1} {2} {0} x"),
    (
        "{0} = x * x|{1} = {0} * x|{2} = {1} + {0}|{3} = {0} * {2}|L = {1} + {3}",
        "L {1} {3} {0} x {2}",
    ),
    (
        "{0} = 3 * x|{1} = {0} * {0}|{2} = {0} + {1}|{3} = {2} * {1}|L = {0} + {3}",
        "L {0} {3} x {2} {1}",
    ),
)


def _orders(rng: np.random.Generator) -> dict[str, Question]:
    """Two different graphs, whose nodes have names in no order."""
    questions = {}
    for nth, graph in enumerate(rng.permutation(len(GRAPHS))[:2], 1):
        letters = [str(each) for each in rng.permutation(list("pqrstuv"))]
        lines, breadth_first = (text.format(*letters) for text in GRAPHS[graph])
        forward = ["x", *(line.split(" = ")[0] for line in lines.split("|"))]
        program = "x = torch.tensor(2., requires_grad=True)\n" + lines.replace("|", "\n")
        questions[f"h_order{nth}"] = Question(
            program,
            "all names, in the order in which L.backward() finishes their gradients",
            forward[::-1],
            {"forward_order": forward, "breadth_first": breadth_first.split()},
        )
    return questions
