"""Your attention table with numbers of your own, and 26 short questions about its pieces.

A value of the table is a formula of the given numbers and of earlier values, so it can also be
worked out from a learner's own earlier answers. A misconception is another formula in one place;
whoever has it goes on with what it gave. Numbers are drawn again until all of them differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from grader.answers import number

TOLERANCE = 2e-3
SWAPPED = [1, 0, 2]
Values = dict[str, np.ndarray]
Formula = Callable[[Values], Any]

REASONS = "spread share fit content past views mix order speed length".split()
ROLES = "query key value score weight output".split()


def _softmax(scores: np.ndarray, axis: int = 1) -> np.ndarray:
    e = np.exp(scores - scores.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _past(scores: np.ndarray) -> np.ndarray:
    """Scores with -inf above the diagonal."""
    return np.where(np.tri(3, dtype=bool), scores, -np.inf)


def _future(scores: np.ndarray) -> np.ndarray:
    return np.where(np.tri(3, dtype=bool).T, scores, -np.inf)


def _swap(table: np.ndarray) -> np.ndarray:
    """Rows and columns of the first two tokens exchanged."""
    return table[np.ix_(SWAPPED, SWAPPED)]


FORMULAS: dict[str, Formula] = {
    "a_Q": lambda v: v["X"] @ v["W_Q"],
    "a_K": lambda v: v["X"] @ v["W_K"],
    "a_V": lambda v: v["X"] @ v["W_V"],
    "a_raw": lambda v: v["a_Q"] @ v["a_K"].T,
    "a_scaled": lambda v: v["a_raw"] / math.sqrt(2),
    "a_weights": lambda v: _softmax(v["a_scaled"]),
    "a_out": lambda v: v["a_weights"] @ v["a_V"],
    "a_causal_weights": lambda v: _softmax(_past(v["a_scaled"])),
    "a_causal_out": lambda v: v["a_causal_weights"] @ v["a_V"],
    "b_weights": lambda v: _swap(v["a_weights"]),
    "b_out": lambda v: v["a_out"][SWAPPED],
    "b_causal_weights": lambda v: _softmax(_past(_swap(v["a_scaled"]))),
    "b_causal_out": lambda v: v["b_causal_weights"] @ v["a_V"][SWAPPED],
}

MISREADINGS: dict[str, dict[str, Formula]] = {
    "not_scaled": {"a_scaled": lambda v: v["a_raw"]},
    "divided_by_d": {"a_scaled": lambda v: v["a_raw"] / 2},
    "queries_and_keys_swapped": {"a_raw": lambda v: v["a_K"] @ v["a_Q"].T},
    "keys_and_values_swapped": {
        "a_K": lambda v: v["X"] @ v["W_V"],
        "a_V": lambda v: v["X"] @ v["W_K"],
    },
    "projections_transposed": {
        "a_Q": lambda v: v["X"] @ v["W_Q"].T,
        "a_K": lambda v: v["X"] @ v["W_K"].T,
        "a_V": lambda v: v["X"] @ v["W_V"].T,
    },
    "normalised_over_queries": {
        "a_weights": lambda v: _softmax(v["a_scaled"], 0),
        "a_causal_weights": lambda v: _softmax(_past(v["a_scaled"]), 0),
        "b_causal_weights": lambda v: _softmax(_past(_swap(v["a_scaled"])), 0),
    },
    "keys_mixed": {
        "a_out": lambda v: v["a_weights"] @ v["a_K"],
        "a_causal_out": lambda v: v["a_causal_weights"] @ v["a_K"],
        "b_causal_out": lambda v: v["b_causal_weights"] @ v["a_K"][SWAPPED],
    },
    "masked_after_softmax": {
        "a_causal_weights": lambda v: np.tril(v["a_weights"]),
        "b_causal_weights": lambda v: np.tril(v["b_weights"]),
    },
    "hidden_scores_zero": {
        "a_causal_weights": lambda v: _softmax(np.tril(v["a_scaled"])),
        "b_causal_weights": lambda v: _softmax(np.tril(_swap(v["a_scaled"]))),
    },
    "future_read": {
        "a_causal_weights": lambda v: _softmax(_future(v["a_scaled"])),
        "b_causal_weights": lambda v: _softmax(_future(_swap(v["a_scaled"]))),
    },
    "order_taken_for_known": {
        "b_weights": lambda v: v["a_weights"],
        "b_out": lambda v: v["a_out"],
    },
    "only_rows_exchanged": {"b_weights": lambda v: v["a_weights"][SWAPPED]},
    "mask_moves_along": {
        "b_causal_weights": lambda v: _swap(v["a_causal_weights"]),
        "b_causal_out": lambda v: v["a_causal_out"][SWAPPED],
    },
}


@dataclass(frozen=True)
class Table:
    """One value of the table."""

    shows: str
    item: str
    given: Values

    def __str__(self) -> str:
        return f"{self.shows}?  {self.item[2:]}, of shape {list(np.shape(self.right))}"

    @property
    def right(self) -> np.ndarray:
        return _worked_out(self.given)[self.item]

    def answer(self, misconception: str = "") -> Any:
        """Rows of numbers, as they stand in the answers file."""
        value = _worked_out(self.given, MISREADINGS.get(misconception))[self.item]
        return np.round(value, 10).tolist()

    def read(self, answer: Any) -> np.ndarray | None:
        """What a learner wrote; None where blank. Raises: ValueError unless rows of numbers."""
        if answer is None:
            return None
        rows = answer if isinstance(answer, list) else [answer]
        if not rows or not all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
            raise ValueError("write rows of equal length, as in [[1, -2], [0, 3/4]]")
        return np.array([[number(each) for each in row] for row in rows])

    def agrees(self, mine: np.ndarray) -> bool:
        return _same(mine, self.right)

    def follows(self, mine: np.ndarray, earlier: dict[str, np.ndarray]) -> bool:
        """Whether it is right for somebody who had these values before; others count as right."""
        right = _worked_out(self.given)
        own = {k: v for k, v in earlier.items() if np.shape(v) == np.shape(right[k])}
        return _same(mine, np.asarray(FORMULAS[self.item]({**right, **own})))

    @property
    def earlier(self) -> list[str]:
        return list(FORMULAS)[: list(FORMULAS).index(self.item)]


@dataclass(frozen=True)
class Fact:
    """A question with a word, a shape or a number as its answer."""

    shows: str
    right: Any
    misread: dict[str, Any] = field(default_factory=dict)
    """By the name of a misconception: what it answers."""

    def __str__(self) -> str:
        return f"{self.shows}?"

    def answer(self, misconception: str = "") -> Any:
        return self.misread.get(misconception, self.right)

    def read(self, answer: Any) -> Any:
        """What a learner wrote; None where blank. Raises: ValueError if it is not legal."""
        if answer is None:
            return None
        words = next((each for each in (REASONS, ROLES) if self.right in each), None)
        if words:
            if answer not in words:
                raise ValueError(f"write one of {', '.join(words)}")
            return answer
        if isinstance(self.right, list):
            whole = isinstance(answer, list) and all(type(each) is int for each in answer)
            if not whole:
                raise ValueError("write a shape as a list of whole numbers, as in [2, 3]")
            return answer
        return number(answer)

    def agrees(self, mine: Any) -> bool:
        if isinstance(mine, float):
            return math.isclose(mine, self.right, rel_tol=TOLERANCE)
        return bool(mine == self.right)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def _worked_out(given: Values, instead: dict[str, Formula] | None = None) -> Values:
    """All values; `instead` replaces some formulas."""
    values = dict(given)
    for item, formula in {**FORMULAS, **(instead or {})}.items():
        values[item] = np.asarray(formula(values))
    return values


def draw(rng: np.random.Generator) -> dict[str, Table | Fact]:
    """39 questions: the table, and facts of the same kinds in another order."""
    given = _given(rng)
    shows = {"a_Q": _first(given), "b_weights": "The first two tokens change places.\n       "}
    drawn: dict[str, Table | Fact] = {
        item: Table(shows.get(item, ""), item, given) for item in FORMULAS
    }
    groups = {"c": _shapes(rng), "d": _reasons(rng), "e": _roles(rng), "f": _numbers(rng)}
    for group, facts in groups.items():
        drawn |= {f"{group}{i}": fact for i, fact in enumerate(facts, 1)}
    return drawn


def _given(rng: np.random.Generator) -> Values:
    """Small whole numbers, such that no misconception gives the right table."""
    while True:
        given = {"X": rng.integers(-1, 3, (3, 2)).astype(float)}
        given |= {name: rng.integers(-1, 3, (2, 2)).astype(float) for name in ("W_Q", "W_K", "W_V")}
        right = _worked_out(given)
        if _pleasant(right) and _separate(given, right):
            return given


def _pleasant(v: Values) -> bool:
    """No two scores of a row are equal, none takes all the weight, and no projection loses any."""
    distinct = all(len(set(row)) == 3 for row in v["a_raw"].tolist())
    distinct &= all(np.linalg.det(v[name]) != 0 for name in ("W_Q", "W_K", "W_V"))
    small = max(np.abs(v[name]).max() for name in ("a_Q", "a_K", "a_V")) <= 4
    return bool(distinct and small and np.ptp(v["a_raw"], 1).max() <= 6)


def _separate(given: Values, right: Values) -> bool:
    """Whether misconceptions show where they act, and no two of them look alike there."""
    wrong = {name: _worked_out(given, formulas) for name, formulas in MISREADINGS.items()}
    for name, formulas in MISREADINGS.items():
        if any(_same(wrong[name][item], right[item]) for item in formulas):
            return False
    return not any(
        _same(wrong[one][item], wrong[other][item])
        for one, other in combinations(MISREADINGS, 2)
        for item in MISREADINGS[one].keys() & MISREADINGS[other].keys()
    )


def _first(given: Values) -> str:
    rows = [f"{name} = {value.astype(int).tolist()}" for name, value in given.items()]
    lines = ["Three tokens, d = 2; Q = X W_Q, K = X W_K, V = X W_V, and so on.", *rows, ""]
    return "\n       ".join(lines)


def _shapes(rng: np.random.Generator) -> list[Fact]:
    B, T, S = (int(each) for each in rng.permutation([2, 7, 11, 13])[:3])
    h, d = int(rng.choice([3, 5])), int(rng.choice([4, 6, 8]))
    C = h * d
    x = f"x has the shape [{B}, {T}, {C}], {h} heads"
    return [
        Fact(f"{x}. The queries, cut into heads", [B, h, T, d], {"uncut_heads": [B, h, T, C]}),
        Fact(f"{x}. The weights", [B, h, T, T], {"heads_share_a_table": [B, T, T]}),
        Fact(f"{x}. weights @ v", [B, h, T, d], {"uncut_heads": [B, h, T, C]}),
        Fact(f"{x}. The output, after W_O", [B, T, C], {"heads_kept_apart": [B, h, T, d]}),
        Fact(
            f"{x}. In cross-attention, x reads {S} source positions. The weights",
            [B, h, T, S],
            {"cross_turned": [B, h, S, T]},
        ),
        Fact(
            f"{x}. How many parameters have W_Q, W_K, W_V and W_O together, biases included",
            4 * (C * C + C),
            {"heads_cost_more": 4 * h * (C * C + C)},
        ),
        Fact(
            f"{x}. Scores are divided by the square root of which number",
            d,
            {"scaled_by_width": C},
        ),
    ]


def _shuffled(rng: np.random.Generator, facts: list[Fact]) -> list[Fact]:
    return [facts[int(i)] for i in rng.permutation(len(facts))]


def _reasons(rng: np.random.Generator) -> list[Fact]:
    pieces = {
        "the division by sqrt(d)": ("spread", {"scale_sums_to_one": "share"}),
        "softmax over the keys": ("share", {}),
        "the product Q K^T": ("fit", {}),
        "the values V": ("content", {}),
        "the causal mask": ("past", {}),
        "several heads instead of one": ("views", {"heads_for_speed": "speed"}),
        "the last projection W_O": ("mix", {}),
        "positions, added to X": ("order", {"positions_hide_future": "past"}),
    }
    facts = [Fact(f"What is it there for: {piece}", *rest) for piece, rest in pieces.items()]
    return _shuffled(rng, facts)


def _roles(rng: np.random.Generator) -> list[Fact]:
    library = {
        "query": ["what you say to the librarian", "what you type into the search box"],
        "key": ["what stands on the card that yours is compared with", "the label on the spine"],
        "value": ["what stands in the book itself", "the pages that you came for"],
        "score": [
            "how well one label fits your words, any number",
            "card against words, as a number",
        ],
        "weight": ["the share of your time that one book gets", "what part of the notes it fills"],
        "output": ["the notes that you carry home", "the one page that you write from all books"],
    }
    turned = {"key": {"key_taken_for_value": "value"}, "value": {"key_taken_for_value": "key"}}
    facts = [
        Fact(
            f"You read a bit of every book in a library: {options[int(rng.integers(2))]}",
            role,
            turned.get(role, {}),
        )
        for role, options in library.items()
    ]
    return _shuffled(rng, facts)


def _numbers(rng: np.random.Generator) -> list[Fact]:
    d, e = (int(each) for each in rng.permutation([4, 16, 64, 256])[:2])
    root, few = math.isqrt(e), int(rng.choice([9, 16, 25]))
    apart = math.isqrt(few)
    normal = "q and k hold d independent normal numbers of variance 1, d ="

    def share(gap: float) -> float:
        return round(1 / (1 + math.exp(-gap)), 6)

    two = f"d = {few}, two keys whose raw scores lie {apart} apart. The larger weight,"
    return [
        Fact(f"{normal} {d}. The variance of q . k", d, {"deviation_for_variance": math.isqrt(d)}),
        Fact(f"{normal} {e}. The variance of q . k / sqrt(d)", 1, {"variance_divided_once": root}),
        Fact(f"{normal} {e}. The variance of q . k / d", 1 / e, {"variance_divided_once": 1}),
        Fact(f"{two} without any scaling", share(apart), {"scaling_kept": share(1)}),
        Fact(f"{two} with the scaling by sqrt(d)", share(1), {"scaling_left_out": share(apart)}),
    ]
