"""Your ten learning curves to diagnose, and three to read numbers from.

A curve is drawn from a formula for its diagnosis, with numbers of your own; losses are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

EPOCHS = 14
PATIENCE = 3
CURVES = [f"c{i:02}" for i in range(1, 11)]
RUNS = ["r1", "r2", "r3"]
ROWS = 9
"""Height of a plot."""

NEXT = {
    "overfit": ("more_regularisation", "more_data", "stop_earlier"),
    "underfit": ("bigger_model",),
    "good": ("nothing",),
    "lr_too_high": ("lower_lr",),
    "lr_too_low": ("raise_lr",),
    "leak": ("fix_split",),
    "dropout_on": ("nothing",),
    "val_too_small": ("fix_split",),
    "labels_shuffled": ("fix_labels",),
    "scheduler_restart": ("fix_schedule",),
    "not_shuffled": ("shuffle",),
    "dead": ("check_gradients",),
}
"""What may be done next about each diagnosis."""
ACTIONS = sorted({action for actions in NEXT.values() for action in actions})
ALWAYS = ("overfit", "underfit", "underfit", "lr_too_low", "leak", "dropout_on", "labels_shuffled")

# By the name of a misconception: what it takes for what, and what it would do.
WRONG_WHAT = {
    "overfit_called_underfit": {"overfit": "underfit"},
    "underfit_called_slow": {"underfit": "lr_too_low"},
    "slow_called_underfit": {"lr_too_low": "underfit"},
    "shuffled_called_overfit": {"labels_shuffled": "overfit"},
    "dropout_called_leak": {"dropout_on": "leak"},
    "leak_called_good": {"leak": "good"},
}
WRONG_NEXT = {
    "regularises_underfit": {"underfit": "more_regularisation"},
    "more_data_for_underfit": {"underfit": "more_data"},
}


@dataclass(frozen=True)
class Question:
    """One field of an answer."""

    shown: str
    """The curve, above the first question about it; empty for the others."""
    asks: str
    right: tuple[Any, ...]
    """Every answer that is right; the first one is the best known."""
    words: tuple[str, ...] = ()
    """The words to choose from, where it is no number."""
    near: float = 0
    """How far a number may be off."""
    misread: dict[str, Any] = field(default_factory=dict)
    """By the name of a misconception: its answer."""

    def __str__(self) -> str:
        return "\n".join([*(self.shown.splitlines()), f"    ?  {self.asks}"])

    def answer(self, misconception: str = "") -> Any:
        return self.misread.get(misconception, self.right[0])

    def read(self, answer: Any) -> Any:
        """What a learner wrote; None where it is blank. Raises: ValueError if illegal."""
        if answer is None:
            return None
        if self.words:
            word = str(answer).strip().lower()
            if word not in self.words:
                raise ValueError(f"write one of {', '.join(self.words)}")
            return word
        try:
            number = float(answer if not isinstance(answer, bool) else "")
        except (TypeError, ValueError, OverflowError):
            raise ValueError("write a number such as 6 or 0.25") from None
        if not math.isfinite(number):
            raise ValueError("write a finite number")
        return number

    def agrees(self, mine: Any) -> bool:
        """Whether an answer that was read is right."""
        if self.words:
            return mine in self.right
        return any(abs(mine - each) <= self.near + 1e-6 for each in self.right)


@dataclass(frozen=True)
class Curve:
    """Training and validation loss (EPOCHS,), and how they came about."""

    train: NDArray[np.float64]
    val: NDArray[np.float64]
    story: str

    def __str__(self) -> str:
        top = max(self.train.max(), self.val.max())
        rows = [[" "] * EPOCHS for _ in range(ROWS)]
        for mark, losses in (("t", self.train), ("v", self.val)):
            for i, loss in enumerate(losses):
                row = rows[ROWS - 1 - round(loss / top * (ROWS - 1))]
                row[i] = mark if row[i] == " " else "*"
        labels = [f"{top:5.2f} |", *["      |"] * (ROWS - 2), " 0.00 |"]
        plot = [
            label + "".join(f"{c:>5}" for c in row) for label, row in zip(labels, rows, strict=True)
        ]
        table = [
            f"{name:<7}" + "".join(f"{value:>5}" for value in values)
            for name, values in (
                ("epoch", range(1, EPOCHS + 1)),
                ("train", [f"{loss:.2f}" for loss in self.train]),
                ("val", [f"{loss:.2f}" for loss in self.val]),
            )
        ]
        return "\n".join([self.story, *(line.rstrip() for line in plot), *table])


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """29 questions: what and next of ten curves, best, gap and stop of three runs."""
    rest = [name for name in NEXT if name not in ALWAYS]
    chosen = [*ALWAYS, *rng.choice(rest, len(CURVES) - len(ALWAYS), replace=False)]
    drawn: dict[str, Question] = {}
    for item, i in zip(CURVES, rng.permutation(len(chosen)), strict=True):
        drawn |= _diagnosis(item, str(chosen[i]), rng)
    for item in RUNS:
        drawn |= _numbers(item, rng)
    return drawn


def _diagnosis(item: str, what: str, rng: np.random.Generator) -> dict[str, Question]:
    wrong = {name: pairs[what] for name, pairs in WRONG_WHAT.items() if what in pairs}
    action = {name: NEXT[each][0] for name, each in wrong.items()}
    action |= {name: pairs[what] for name, pairs in WRONG_NEXT.items() if what in pairs}
    shown = f"\n{curve(what, rng)}"
    return {
        f"{item}_what": Question(shown, "what it is", (what,), tuple(NEXT), misread=wrong),
        f"{item}_next": Question("", "what to do next", NEXT[what], tuple(ACTIONS), misread=action),
    }


def _numbers(item: str, rng: np.random.Generator) -> dict[str, Question]:
    """An overfitting run whose smallest losses stand apart, so that no rounding decides."""
    while True:
        run = curve("overfit", rng)
        low = np.sort(run.val)
        best, stop = int(run.val.argmin()) + 1, stops(run.val)
        gap, early = run.val[-1] - run.train[-1], run.val[best - 1] - run.train[best - 1]
        if low[1] - low[0] >= 0.02 and best + PATIENCE < stop + 1 <= EPOCHS and gap - early > 0.1:
            break
    ask = "the epoch whose weights you keep"
    return {
        f"{item}_best": Question(f"\n{run}", ask, (best,), misread={"last_is_best": EPOCHS}),
        f"{item}_gap": Question(
            "",
            "validation minus training loss after the last epoch",
            (round(float(gap), 2),),
            near=0.02,
            misread={
                "gap_turned_round": round(-float(gap), 2),
                "gap_at_best": round(float(early), 2),
            },
        ),
        f"{item}_stop": Question(
            "",
            f"the epoch after which early stopping with patience {PATIENCE} stops",
            (stop,),
            misread={"stops_at_best": best, "stops_one_late": stop + 1},
        ),
    }


def stops(val: NDArray[np.float64]) -> int:
    """The epoch, from 1, that is the PATIENCE-th in a row without a new minimum; 99 if none is."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(val, 1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == PATIENCE:
            return epoch
    return 99


def curve(what: str, rng: np.random.Generator) -> Curve:
    """Losses for one diagnosis. Training and validation start near ln K, guessing among K."""
    classes = int(rng.choice([4, 6, 10]))
    c = math.log(classes)
    train, val = SHAPES[what](rng, np.arange(1.0, EPOCHS + 1))
    noise = rng.normal(0, 0.008, (2, EPOCHS))
    train, val = (
        np.round(np.maximum(each, 0.01) * c, 2) for each in (train + noise[0], val + noise[1])
    )
    rows, measured = 400, "Both losses are measured after each epoch, in evaluation mode."
    if what == "val_too_small":
        rows = int(rng.integers(9, 15))
    if what == "dropout_on":
        measured = "The training loss is the mean over the epoch, with dropout 0.5 on."
    if what == "not_shuffled":
        measured = "Here an `epoch` is 1/10 of one: a point each tenth. Rows come in file order."
    if what == "scheduler_restart":
        measured += " Cosine schedule."
    story = f"{classes} classes, ln {classes} = {c:.2f}. {rows} validation rows.\n{measured}"
    return Curve(train, val, story)


def fall(e: NDArray, start: float, end: float, rate: float) -> NDArray:
    """From start towards end, by a factor of exp(-rate) each epoch."""
    return end + (start - end) * np.exp(-rate * e)


def overfit(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    best, rise = rng.integers(4, 8), rng.uniform(0.035, 0.06)
    train = fall(e, 1, 0.02, rng.uniform(0.3, 0.4))
    return train, fall(e, 1, 0.42, 0.5) + rise * np.maximum(0, e - best)


def underfit(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = fall(e, 1, rng.uniform(0.6, 0.72), rng.uniform(0.7, 1))
    return train, train + rng.uniform(0.02, 0.04)


def good(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = fall(e, 1, rng.uniform(0.06, 0.1), rng.uniform(0.45, 0.6))
    return train, train + rng.uniform(0.03, 0.05)


def lr_too_high(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = np.where(e % 2 == 0, rng.uniform(1.6, 2.6, EPOCHS), rng.uniform(0.85, 1.4, EPOCHS))
    return train, train * rng.uniform(0.9, 1.15, EPOCHS)


def lr_too_low(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = 1 - rng.uniform(0.013, 0.018) * e
    return train, train + 0.012


def leak(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = fall(e, 1, rng.uniform(0.28, 0.35), rng.uniform(0.35, 0.45))
    return train, train * rng.uniform(0.55, 0.65)


def val_too_small(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = fall(e, 1, 0.22, rng.uniform(0.35, 0.45))
    jumps = rng.uniform(0.12, 0.3, EPOCHS) * np.where(rng.permutation(EPOCHS) % 2 == 0, 1, -0.6)
    return train, train + 0.05 + jumps


def labels_shuffled(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    train = fall(e, 1, 0.1, rng.uniform(0.11, 0.15))
    return train, 1.02 + rng.uniform(0.03, 0.05) * e


def scheduler_restart(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    turn = rng.integers(8, 11)
    train = fall(e, 1, 0.1, 0.5) + np.where(e >= turn, 0.55 * np.exp(-0.35 * (e - turn)), 0)
    return train, train + 0.04


def not_shuffled(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    period, first = rng.integers(3, 5), rng.integers(0, 2)
    train = np.where((e + first) % period == 0, rng.uniform(1.5, 1.7), 0.06)
    return train, 1.3 + rng.uniform(-0.1, 0.1, EPOCHS)


def dead(rng: np.random.Generator, e: NDArray) -> tuple[NDArray, NDArray]:
    return np.ones(EPOCHS), np.ones(EPOCHS)


SHAPES: dict[str, Callable[..., tuple[NDArray, NDArray]]] = {
    each.__name__: each
    for each in (
        *(overfit, underfit, good, lr_too_high, lr_too_low, leak, val_too_small),
        *(labels_shuffled, scheduler_restart, not_shuffled, dead),
    )
} | {"dropout_on": leak}
