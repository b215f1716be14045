"""Your twelve sums, drawn so that every known misconception gets three of them wrong at least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

DIGITS = 24
"""Binary digits of a float32."""
KINDS = "tie_down tie_down tie_down tie_up tie_up up up up down sum sum sum".split()


@dataclass(frozen=True)
class Question:
    """A power of two, and what is added to it from left to right in float32."""

    power: int
    terms: tuple[int, ...]

    def __str__(self) -> str:
        added = "".join(f" + {term}" for term in self.terms)
        return f"x = float32(2**{self.power}); x = x{added}; x - 2**{self.power}"

    @staticmethod
    def read(answer: Any) -> int | None:
        """What a learner wrote; None where it is blank. Raises: ValueError."""
        if answer is None or type(answer) is int:
            return answer
        raise ValueError("write a whole number, such as 8")


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """The questions in an order of their own."""
    found: list[Question] = []
    for kind in rng.permutation(KINDS):
        while (question := _question(kind, rng)) in found:
            pass
        found.append(question)
    return {f"q{i:02}": question for i, question in enumerate(found, 1)}


def _question(kind: str, rng: np.random.Generator) -> Question:
    power = int(rng.integers(26, 30))
    gap = 2 ** (power - DIGITS + 1)
    even = 2 * gap * int(rng.integers(1, 5))
    less = int(rng.integers(1, gap // 2))
    term = {
        "tie_down": even + gap // 2,
        "tie_up": even - gap // 2,
        "up": even + gap // 2 + less,
        "down": even + gap + less,
    }
    if kind == "sum":
        return Question(power, (gap // 2 - 1,) * int(rng.integers(3, 7)))
    return Question(power, (term[kind],))
