"""Your two small networks, with numbers of your own, and one question for each value in them.

A value is a formula of the given numbers and of earlier values, so it can also be worked out from
a learner's own earlier answers. A misconception is another formula in one place; whoever has it
goes on with what it gave. Numbers are drawn again until every misconception gives another answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.answers import number

TOLERANCE = 1e-3
Values = dict[str, np.ndarray]
Formula = Callable[[Values], Any]


def _loss_after(v: Values) -> Any:
    h = np.maximum(v["x"] @ v["a_W1_new"].T + v["a_b1_new"], 0)
    return np.mean((h @ v["a_W2_new"].T + v["a_b2_new"] - v["y"]) ** 2)


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


FORMULAS: dict[str, Formula] = {
    "a_z1": lambda v: v["x"] @ v["W1"].T + v["b1"],
    "a_h": lambda v: np.maximum(v["a_z1"], 0),
    "a_z2": lambda v: v["a_h"] @ v["W2"].T + v["b2"],
    "a_loss": lambda v: np.mean((v["a_z2"] - v["y"]) ** 2),
    "a_dz2": lambda v: 2 * (v["a_z2"] - v["y"]) / len(v["x"]),
    "a_dW2": lambda v: v["a_dz2"].T @ v["a_h"],
    "a_db2": lambda v: v["a_dz2"].sum(0),
    "a_dh": lambda v: v["a_dz2"] @ v["W2"],
    "a_dz1": lambda v: v["a_dh"] * (v["a_z1"] > 0),
    "a_dW1": lambda v: v["a_dz1"].T @ v["x"],
    "a_db1": lambda v: v["a_dz1"].sum(0),
    "a_W1_new": lambda v: v["W1"] - v["lr"] * v["a_dW1"],
    "a_b1_new": lambda v: v["b1"] - v["lr"] * v["a_db1"],
    "a_W2_new": lambda v: v["W2"] - v["lr"] * v["a_dW2"],
    "a_b2_new": lambda v: v["b2"] - v["lr"] * v["a_db2"],
    "a_loss_after": _loss_after,
    "b_z": lambda v: v["W"] @ v["h"] + v["b"],
    "b_p": lambda v: _softmax(v["b_z"]),
    "b_loss": lambda v: -np.log(v["b_p"] @ v["onehot"]),
    "b_dz": lambda v: v["b_p"] - v["onehot"],
    "b_dW": lambda v: np.outer(v["b_dz"], v["h"]),
    "b_dh": lambda v: v["W"].T @ v["b_dz"],
}

MISREADINGS: dict[str, dict[str, Formula]] = {
    "relu_ignored": {"a_h": lambda v: v["a_z1"]},
    "mask_forgotten": {"a_dz1": lambda v: v["a_dh"]},
    "weights_transposed": {
        "a_dW2": lambda v: v["a_h"].T @ v["a_dz2"],
        "a_dW1": lambda v: v["x"].T @ v["a_dz1"],
        "b_dW": lambda v: np.outer(v["h"], v["b_dz"]),
    },
    "updated_too_early": {
        "a_dh": lambda v: v["a_dz2"] @ (v["W2"] - v["lr"] * v["a_dz2"].T @ v["a_h"])
    },
    "sum_for_mean": {
        "a_loss": lambda v: np.sum((v["a_z2"] - v["y"]) ** 2),
        "a_dz2": lambda v: 2 * (v["a_z2"] - v["y"]),
    },
    "two_forgotten": {"a_dz2": lambda v: (v["a_z2"] - v["y"]) / len(v["x"])},
    "bias_averaged": {
        "a_db2": lambda v: v["a_dz2"].mean(0),
        "a_db1": lambda v: v["a_dz1"].mean(0),
    },
    "uphill": {
        "a_W1_new": lambda v: v["W1"] + v["lr"] * v["a_dW1"],
        "a_b1_new": lambda v: v["b1"] + v["lr"] * v["a_db1"],
        "a_W2_new": lambda v: v["W2"] + v["lr"] * v["a_dW2"],
        "a_b2_new": lambda v: v["b2"] + v["lr"] * v["a_db2"],
    },
    "loss_before_update": {"a_loss_after": lambda v: v["a_loss"]},
    "target_not_subtracted": {"b_dz": lambda v: v["b_p"]},
    "target_minus_output": {"b_dz": lambda v: v["onehot"] - v["b_p"]},
    "base_ten": {"b_loss": lambda v: -np.log10(v["b_p"] @ v["onehot"])},
}


@dataclass(frozen=True)
class Question:
    """One value that is asked for."""

    shows: str
    item: str
    given: Values

    def __str__(self) -> str:
        name = self.item.split("_", 1)[1]
        return f"{self.shows}?  {name}, of shape {list(np.shape(self.right))}"

    @property
    def right(self) -> np.ndarray:
        return _worked_out(self.given)[self.item]

    def answer(self, misconception: str = "") -> Any:
        """A number or nested lists, as it stands in the answers file."""
        value = _worked_out(self.given, MISREADINGS.get(misconception))[self.item]
        return np.round(value, 10).tolist()

    def read(self, answer: Any) -> np.ndarray | None:
        """What a learner wrote. Raises: ValueError if it is no number and no list of lists."""
        if answer is None:
            return None
        rows = answer if isinstance(answer, list) else [answer]
        if not rows or all(each is None for each in rows):
            return None
        if any(isinstance(each, list) for each in rows):
            if not all(isinstance(each, list) and len(each) == len(rows[0]) for each in rows):
                raise ValueError("write rows of equal length, as in [[1, -2], [0, 3/4]]")
            return np.array([[number(each) for each in row] for row in rows])
        numbers = np.array([number(each) for each in rows])
        return numbers if isinstance(answer, list) else numbers[0]

    def agrees(self, mine: np.ndarray) -> bool:
        return _same(mine, self.right)

    def follows(self, mine: np.ndarray, earlier: dict[str, np.ndarray]) -> bool:
        """Whether it is right for somebody who had these values before; others count as right."""
        right = _worked_out(self.given)
        own = {k: v for k, v in earlier.items() if np.shape(v) == np.shape(right[k])}
        return _same(mine, np.asarray(FORMULAS[self.item]({**right, **own})))

    @property
    def earlier(self) -> list[str]:
        """The items that come before it in the same network."""
        items = [each for each in FORMULAS if each[0] == self.item[0]]
        return items[: items.index(self.item)]


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def _worked_out(given: Values, instead: dict[str, Formula] | None = None) -> Values:
    """All values; `instead` replaces some formulas. A transposed gradient is turned for updates."""
    values = dict(given)
    for item, formula in {**FORMULAS, **(instead or {})}.items():
        straight = values
        if item.endswith("_new") and values[f"a_d{item[2:4]}"].shape != values[item[2:4]].shape:
            name = f"a_d{item[2:4]}"
            straight = {**values, name: values[name].T}
        values[item] = np.asarray(formula(straight))
    return values


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """22 questions; the items are the same for everyone, the numbers are not."""
    while True:
        given = _given(rng)
        right = _worked_out(given)
        if _pleasant(right) and _separate(given, right):
            break
    shows = {"a_z1": _first(given), "b_z": _second(given)}
    return {item: Question(shows.get(item, ""), item, given) for item in FORMULAS}


def _given(rng: np.random.Generator) -> Values:
    def whole(*shape: int, high: int = 3) -> np.ndarray:
        """Whole numbers without 0."""
        signs, sizes = rng.choice([-1, 1], shape), rng.integers(1, high + 1, shape)
        return np.asarray(signs * sizes, float)

    return {
        "x": whole(2, 2),
        "y": whole(2, 1, high=5),
        "W1": whole(3, 2, high=2),
        "b1": whole(3, high=2),
        "W2": whole(1, 3, high=2),
        "b2": whole(1, high=2),
        "lr": np.asarray(rng.choice([0.01, 0.02, 0.05])),
        "h": whole(2, high=2),
        "W": whole(3, 2, high=2) / 2,
        "b": whole(3, high=2) / 2,
        "onehot": np.eye(3)[int(rng.integers(3))],
    }


def _pleasant(v: Values) -> bool:
    """One unit is dead, one wakes for one row only, one is always awake; the step goes downhill."""
    awake = sorted((v["a_z1"] > 0).sum(0).tolist())
    errors = np.abs(v["a_z2"] - v["y"])
    small = errors.min() > 0 and errors.max() <= 4
    downhill = v["a_loss_after"] < v["a_loss"] - 0.01
    clear = v["b_p"].min() > 0.02 and not np.any(v["a_z1"] == 0)
    live = np.all(v["a_db1"][(v["a_z1"] > 0).any(0)] != 0) and v["a_db2"][0] != 0
    return bool(awake == [0, 1, 2] and small and downhill and clear and live)


def _separate(given: Values, right: Values) -> bool:
    """Whether each misconception shows in every value that it takes for another."""
    for formulas in MISREADINGS.values():
        wrong = _worked_out(given, formulas)
        if any(_same(wrong[item], right[item]) for item in formulas):
            return False
    return True


def _row(values: np.ndarray) -> str:
    return str(np.asarray(values).tolist()).replace(".0,", ",").replace(".0]", "]")


def _first(v: Values) -> str:
    return (
        "Network a: z1 = x W1^T + b1, h = relu(z1), z2 = h W2^T + b2, loss = mean of (z2 - y)^2\n"
        + "".join(
            f"       {name} = {_row(v[name])}\n" for name in ("x", "y", "W1", "b1", "W2", "b2")
        )
        + f"       one step of SGD with learning rate {v['lr']:g}\n       "
    )


def _second(v: Values) -> str:
    return (
        "Network b: z = W h + b, p = softmax(z), loss = -log p[target], for one example h\n"
        + "".join(f"       {name} = {_row(v[name])}\n" for name in ("h", "W", "b"))
        + f"       target = {int(v['onehot'].argmax())}, counted from 0\n       "
    )
