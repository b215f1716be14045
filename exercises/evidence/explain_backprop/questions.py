"""Your worksheet: a network of two inputs, two ReLU units, one output, and numbers of your own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.answers import number
from grader.exam import worksheet
from grader.exam.worksheet import CLAIMS, Worksheet

GIVEN = """\
x = ({x1}, {x2})
      first layer   w11 = {w11}, w12 = {w12}, w21 = {w21}, w22 = {w22}   w12: unit 1, from x2
                    b1 = {b1}, b2 = {b2}
      output        v1 = {v1}, v2 = {v2}, c = {c}
      target        y = {y}          learning rate {rate}
      """
TEXT = "explanation"


@dataclass(frozen=True)
class Question:
    """One value of the worksheet, or the text."""

    item: str
    sheet: Worksheet
    other: Worksheet
    """Of somebody else."""

    def __str__(self) -> str:
        if self.item == TEXT:
            return "350 to 450 words: one step of training of your network"
        given = GIVEN.format(**self.sheet.shown()) if self.item == next(iter(CLAIMS)) else ""
        return given + CLAIMS[self.item]

    def read(self, answer: Any) -> float | str | None:
        """A number, or the text. Raises: ValueError with what is not legal."""
        if answer is None or answer == "":
            return None
        if self.item != TEXT:
            return number(answer)
        if not isinstance(answer, str):
            raise ValueError("write a text below `explanation: |`, indented by two spaces")
        return answer


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """The eleven values, and the text."""
    seed = int(rng.integers(2**31))
    sheets = worksheet.draw(seed), worksheet.draw(seed + 1)
    return {item: Question(item, *sheets) for item in (*CLAIMS, TEXT)}
