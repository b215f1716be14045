"""Your 13 questions: the steps of six optimizers on one small function, with numbers of your own.

An optimizer is a rule: from one row of its table to the next. A row is right if it follows by the
rule from the right row before it, or from the row that you wrote there. Numbers are drawn again
until every slip that is known gives another row than the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from grader.answers import number

TOLERANCE = 1e-3
Row = dict[str, Any]
"""By the name of a field: two numbers, one number, or a word."""


@dataclass(frozen=True)
class Task:
    """f(w) = a (w1 - p)^2 + b (w2 - q)^2, where it starts, and the settings of the optimizers."""

    curvature: np.ndarray
    minimum: np.ndarray
    start: np.ndarray
    lr: float
    adam_lr: float
    eps: float
    decay: float
    momentum: float = 0.9
    alpha: float = 0.9
    betas: tuple[float, float] = (0.9, 0.99)

    def __str__(self) -> str:
        (a, b), (w1, w2) = self.curvature, self.start
        p, q = (f"{'-' if each > 0 else '+'} {abs(each):g}" for each in self.minimum)
        return (
            f"f(w) = {a:g} (w1 {p})^2 + {b:g} (w2 {q})^2, from w = [{w1:g}, {w2:g}]\n"
            f"SGD, momentum:  lr {self.lr:g}, momentum {self.momentum:g}\n"
            f"RMSProp:        lr {self.adam_lr:g}, alpha {self.alpha:g}, eps {self.eps:g}\n"
            f"Adam, AdamW:    lr {self.adam_lr:g}, beta1 {self.betas[0]:g}, "
            f"beta2 {self.betas[1]:g}, eps {self.eps:g}\n"
            f"weight decay:   {self.decay:g}, in adam_l2 and adamw only"
        )

    def gradient(self, w: np.ndarray, slip: str = "") -> np.ndarray:
        factor = 1 if slip == "gradient_without_two" else 2
        return factor * self.curvature * (w - self.minimum)


def sgd(task: Task, row: Row, t: int, slip: str) -> Row:
    return {"w": row["w"] - task.lr * task.gradient(row["w"], slip)}


def momentum(task: Task, row: Row, t: int, slip: str) -> Row:
    g = task.gradient(row["w"], slip)
    if slip == "velocity_holds_lr":
        v = task.momentum * row["v"] + task.lr * g
        return {"v": v, "w": row["w"] - v}
    share = 1 - task.momentum if slip == "velocity_is_an_average" else 1
    v = task.momentum * row["v"] + share * g
    return {"v": v, "w": row["w"] - task.lr * v}


def scaled(task: Task, direction: np.ndarray, v: np.ndarray, slip: str) -> np.ndarray:
    """lr * direction / (sqrt(v) + eps)."""
    inside = slip == "eps_inside_root"
    denominator = np.sqrt(v + task.eps) if inside else np.sqrt(v) + task.eps
    return task.adam_lr * direction / denominator


def rmsprop(task: Task, row: Row, t: int, slip: str) -> Row:
    g = task.gradient(row["w"], slip)
    v = task.alpha * row["v"] + (1 - task.alpha) * g**2
    return {"v": v, "w": row["w"] - scaled(task, g, v, slip)}


def adam(task: Task, row: Row, t: int, slip: str, l2: float = 0.0, decay: float = 0.0) -> Row:
    g = task.gradient(row["w"], slip) + l2 * row["w"]
    beta1, beta2 = task.betas
    m = beta1 * row["m"] + (1 - beta1) * g
    v = beta2 * row["v"] + (1 - beta2) * g**2
    corrected = slip != "no_bias_correction"
    m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if corrected else (m, v)
    w = row["w"] * (1 - task.adam_lr * decay) - scaled(task, m_hat, v_hat, slip)
    return {"m": m, "v": v, "m_hat": m_hat, "v_hat": v_hat, "w": w}


def adam_l2(task: Task, row: Row, t: int, slip: str) -> Row:
    if slip == "l2_outside":
        return {"w": adam(task, row, t, slip, decay=task.decay)["w"]}
    return {"w": adam(task, row, t, slip, l2=task.decay)["w"]}


def adamw(task: Task, row: Row, t: int, slip: str) -> Row:
    if slip == "adamw_decay_in_gradient":
        return {"w": adam(task, row, t, slip, l2=task.decay)["w"]}
    return {"w": adam(task, row, t, slip, decay=task.decay)["w"]}


def max_lr(task: Task, row: Row, t: int, slip: str) -> Row:
    """w - p shrinks by 1 - 2 a lr in each step; its size is below 1 while lr < 1 / a."""
    if slip == "limit_one_over_lambda":
        return {"lr": float(1 / (2 * task.curvature.max()))}
    flattest = slip == "limit_of_flattest"
    return {"lr": float(1 / (task.curvature.min() if flattest else task.curvature.max()))}


def first_step(task: Task, row: Row, t: int, slip: str) -> Row:
    return {"optimizer": "rmsprop" if slip == "first_step_rmsprop" else "adam"}


OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam_uncorrected", "adam")
ROW = "the row after step {t} of {name}"
AFTER_ADAM = "w after a third step, from your row adam_2 on, this time by {name}"
ASKS = {
    "sgd": ROW,
    "momentum": ROW,
    "rmsprop": ROW,
    "adam": ROW,
    "adam_l2": AFTER_ADAM.format(name="Adam with L2: decay * w is added to the gradient"),
    "adamw": AFTER_ADAM.format(name="AdamW: the weights decay by themselves"),
    "max_lr": "the learning rate below which plain SGD brings f down from any start, and not above",
    "first_step": "with eps next to 0 and no decay, whose first step has the size lr, whatever the "
    f"scale of the gradient? One of {', '.join(OPTIMIZERS)}",
}
SLIPS = {
    "gradient_without_two": ("sgd", "momentum", "rmsprop", "adam", "adam_l2", "adamw"),
    "velocity_is_an_average": ("momentum",),
    "velocity_holds_lr": ("momentum",),
    "no_bias_correction": ("adam", "adam_l2", "adamw"),
    "eps_inside_root": ("rmsprop", "adam", "adam_l2", "adamw"),
    "l2_outside": ("adam_l2",),
    "adamw_decay_in_gradient": ("adamw",),
    "limit_one_over_lambda": ("max_lr",),
    "limit_of_flattest": ("max_lr",),
    "first_step_rmsprop": ("first_step",),
}
"""What goes wrong, and in the rows of which rules."""


@dataclass(frozen=True)
class Question:
    """One row: it follows by the rule from the row before."""

    task: Task
    rule: Callable[[Task, Row, int, str], Row]
    t: int = 1
    before: Question | None = None
    previous: str = ""
    """The item of the row before; empty if that is the start."""
    program: str = ""
    """Printed above the first question; empty for the others."""

    def __str__(self) -> str:
        lines = self.program.splitlines() and ["", *self.program.splitlines()]
        asks = ASKS[self.rule.__name__].format(t=self.t, name=self.rule.__name__)
        return "\n    ".join([*lines, f"?  {asks}"])

    def answer(self, slip: str = "", before: Row | None = None) -> Row:
        """The row that follows from `before`, or from what the same slip gives before."""
        if before is None:
            zeros = {name: np.zeros(2) for name in ("m", "v")}
            before = self.before.answer(slip) if self.before else {"w": self.task.start, **zeros}
        with np.errstate(invalid="ignore"):  # a learner's v may be negative
            return self.rule(self.task, before, self.t, slip)

    def read(self, answer: Any) -> Row:
        """What a learner wrote; None where a field is blank. Raises: ValueError if illegal."""
        right = self.answer()
        if not isinstance(answer, dict) or set(answer) != set(right):
            raise ValueError(f"keep the fields of the stub: {', '.join(right)}")
        return {name: _value(answer[name], right[name]) for name in right}

    def wrong(self, mine: Row, before: Row | None) -> list[str]:
        """The fields that follow neither from the right row before nor from the learner's own."""
        rows = [self.answer(), *([self.answer(before=before)] if before else [])]
        return min(([n for n in mine if not _same(mine[n], row[n])] for row in rows), key=len)

    @property
    def separates(self) -> bool:
        """Whether the truth and every slip give rows that differ."""
        slips = [slip for slip, rules in SLIPS.items() if self.rule.__name__ in rules]
        rows = [self.answer(slip) for slip in ["", *slips]]
        return not any(all(_same(x[n], y[n]) for n in x) for x, y in combinations(rows, 2))


def _value(mine: Any, right: Any) -> Any:
    """In the form of the right value."""
    if mine is None:
        return None
    if isinstance(right, str):
        if mine not in OPTIMIZERS:
            raise ValueError(f"choose one of {', '.join(OPTIMIZERS)}")
        return mine
    if not isinstance(right, np.ndarray):
        return number(mine)
    if not isinstance(mine, list) or len(mine) != len(right):
        raise ValueError("write two numbers in square brackets, such as [2.5, -1/4]")
    return np.array([number(each) for each in mine])


def _same(mine: Any, right: Any) -> bool:
    """Equal to three or four digits; words are equal or not."""
    if isinstance(right, str) or mine is None:
        return bool(mine == right)
    return bool(np.all(np.abs(mine - right) <= TOLERANCE * np.maximum(1, np.abs(right))))


PLAN = (
    *((f"sgd_{t}", sgd, t) for t in (1, 2, 3)),
    *((f"momentum_{t}", momentum, t) for t in (1, 2, 3)),
    ("rmsprop_1", rmsprop, 1),
    ("adam_1", adam, 1),
    ("adam_2", adam, 2),
    ("adam_l2", adam_l2, 3),
    ("adamw", adamw, 3),
    ("max_lr", max_lr, 1),
    ("first_step", first_step, 1),
)


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """13 questions; the items are the same for everyone, the numbers are not."""
    while True:
        task = _task(rng)
        drawn: dict[str, Question] = {}
        for item, rule, t in PLAN:
            previous = f"{'adam' if t == 3 and 'adam' in item else rule.__name__}_{t - 1}"
            previous = previous if previous in drawn else ""
            program = "" if drawn else str(task)
            drawn[item] = Question(task, rule, t, drawn.get(previous), previous, program)
        if all(each.separates for each in drawn.values()):
            return drawn


def _task(rng: np.random.Generator) -> Task:
    """Small whole numbers, unequal curvatures, and a learning rate at which SGD descends."""
    minimum = rng.choice([-3, -2, -1, 1, 2, 3], 2).astype(float)
    away = rng.choice([-1, 1], 2) * rng.choice([0.5, 1, 1.5, 2], 2)
    return Task(
        curvature=rng.choice([1, 2, 3, 4], 2, replace=False).astype(float),
        minimum=minimum,
        start=minimum + away,
        lr=float(rng.choice([0.05, 0.1])),
        adam_lr=float(rng.choice([0.25, 0.5])),
        eps=float(rng.choice([0.5, 1])),
        decay=float(rng.choice([0.1, 0.2])),
    )
