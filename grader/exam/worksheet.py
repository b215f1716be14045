"""One backprop step with numbers of one's own: drawn as exact fractions, compared with a text.

A network of two inputs, two ReLU units and one linear output; L = (prediction - y)^2 / 2; one step
of gradient descent. Exactly one hidden unit is dead, so that who explains the numbers has to
explain the gate of the ReLU.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from random import Random

from grader.model import GraderFault
from grader.oracle.prose import SIGNS

TRIES = 1_000
"""One draw in 8 is fit, so that no seed comes near; the bound only says that none can hang."""
RATE = Fraction(1, 10)
ABSOLUTE, RELATIVE = Fraction(5, 10_000), Fraction(5, 1000)
"""A number is right within the larger of 0.0005 and 0.5 %: three decimals, rounded."""
PLAIN = tuple(map(Fraction, ("0", "0.5", "1", "2", "3", "10")))
"""Numbers that any explanation may hold."""

CLAIMS = {
    "z_live": "The pre-activation of the hidden unit that is active.",
    "z_dead": "The pre-activation of the hidden unit that is not active.",
    "prediction": "The prediction.",
    "loss": "The loss.",
    "dw_out": "The gradient of the output weight that changes.",
    "dz_live": "The gradient with respect to the pre-activation of the active unit.",
    "dw_first": "The gradient of the active unit's first weight.",
    "dw_second": "The gradient of the active unit's second weight.",
    "new_out": "The new value of the output weight that changes.",
    "new_first": "The new value of the active unit's first weight.",
    "new_second": "The new value of the active unit's second weight.",
}


@dataclass(frozen=True)
class Worksheet:
    """What is given, and the eleven values that follow from it, by their names in CLAIMS."""

    given: Mapping[str, Fraction]
    """x1 x2, w11 (of unit 1, from input 1) w12 w21 w22, b1 b2, v1 v2 (output), c, y, rate."""
    values: Mapping[str, Fraction]

    def shown(self) -> dict[str, str]:
        """What is given, as text: `-0.8`."""
        return {name: f"{float(value):.1f}" for name, value in self.given.items()}


def draw(seed: int) -> Worksheet:
    """The worksheet of a seed; the same on every machine. Raises: GraderFault if none is fit."""
    random = Random(int.from_bytes(sha256(f"worksheet|{seed}".encode()).digest()))

    def tenth(most: int) -> Fraction:
        number = Fraction(1 + int(random.random() * most), 10)
        return number if random.random() < 0.5 else -number

    for _ in range(TRIES):
        given = {name: tenth(9) for name in ("x1", "x2", "w11", "w12", "w21", "w22", "v1", "v2")}
        given |= {name: tenth(5) for name in ("b1", "b2", "c")}
        given |= {"y": tenth(9), "rate": RATE}
        values = worked(given)
        if values and _tell_apart(given.values(), values.values()):
            return Worksheet(given, values)
    raise GraderFault(f"No worksheet of seed {seed} is fit in {TRIES} draws; correct the draw.")


def worked(given: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The eleven values; none where not exactly one unit is clearly active, or the error is < 0.2.

    Worked by hand from the formulas; a test compares them with autograd.
    """
    x = given["x1"], given["x2"]
    rows = (given["w11"], given["w12"]), (given["w21"], given["w22"])
    z = [
        row[0] * x[0] + row[1] * x[1] + bias
        for row, bias in zip(rows, (given["b1"], given["b2"]), strict=True)
    ]
    if (z[0] > 0) == (z[1] > 0) or min(map(abs, z)) < Fraction(1, 20):
        return {}
    live = 0 if z[0] > 0 else 1
    row, out = rows[live], (given["v1"], given["v2"])[live]
    prediction = out * z[live] + given["c"]
    error = prediction - given["y"]
    if abs(error) < Fraction(1, 5):
        return {}
    dw_out, dz = error * z[live], error * out
    return {
        "z_live": z[live],
        "z_dead": z[1 - live],
        "prediction": prediction,
        "loss": error * error / 2,
        "dw_out": dw_out,
        "dz_live": dz,
        "dw_first": dz * x[0],
        "dw_second": dz * x[1],
        "new_out": out - RATE * dw_out,
        "new_first": row[0] - RATE * dz * x[0],
        "new_second": row[1] - RATE * dz * x[1],
    }


def _tell_apart(given: Iterable[Fraction], values: Iterable[Fraction]) -> bool:
    """Whether no number stands for two values, and no given or plain number for any."""
    known = [abs(each) for each in (*given, *PLAIN)]
    found: list[Fraction] = []
    for value in map(abs, values):
        if value < Fraction(1, 100):
            return False
        if any(abs(value - each) <= tolerance(value) for each in known):
            return False
        if any(abs(value - each) <= tolerance(value) + tolerance(each) for each in found):
            return False
        found.append(value)
    return True


def tolerance(value: Fraction) -> Fraction:
    """How far from a value a number may lie."""
    return max(ABSOLUTE, RELATIVE * abs(value))


def matches(number: float, value: Fraction) -> bool:
    """Whether a number in a text is this value, sign included."""
    return abs(number - float(value)) <= float(tolerance(value)) + 1e-9


NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,40}[.,]\d{1,40}|\d{1,40}|\.\d{1,40})"
    r"(?:e(?P<e>[-+]?\d{1,3})|\s?[x*·]\s?10\s?(?:\^\s?\(?|(?=-))(?P<ten>[-+]?\d{1,3}))?",
    re.I,
)
SIGN = re.compile(
    r"(?P<value>[\w.)\]]?)(?P<space>\s*)(?P<sign>-|minus|negative)(?P<gap>\s*)$", re.I
)
MARKUP = re.compile(r"[{}$`]|\\[,;!: ]|(?<![^\W_])[_*]+(?=-?\.?\d)")
TIMES = re.compile(r"\\(?:times|cdot)\b")


def numbers(text: str, most: int) -> tuple[list[float], int]:
    """The first `most` different numbers of a text, in order, and how many there are in all.

    Read are `-0.03`, `.03`, `3e-2`, `3 * 10^-2`, a decimal comma, a real minus sign, and the word
    minus. A minus between two numbers takes away; it is a sign after anything else. A number glued
    to a letter before it is a part of a name, such as `z1`.
    """
    text = TIMES.sub("·", unicodedata.normalize("NFKC", text).translate(SIGNS))
    text = MARKUP.sub("", text)
    found: dict[float, None] = {}
    for match in NUMBER.finditer(text):
        for number in _readings(match, text[max(0, match.start() - 16) : match.start()]):
            found.setdefault(number)
    return list(found)[:most], len(found)


def _readings(match: re.Match[str], before: str) -> Iterator[float]:
    """What a number may mean: with its sign where the text leaves no doubt, else both."""
    digits = match["digits"]
    size = float(f"{digits.replace(',', '.')}e{match['e'] or match['ten'] or 0}")
    sign = SIGN.search(before)
    value = sign["value"] if sign else ""
    if sign is None:
        yield size
    elif (
        not value
        or (sign["sign"] != "-" and value.isalpha())
        or (sign["sign"] == "-" and sign["space"] and not sign["gap"])
    ):  # `= -3`, `is minus 3`
        yield -size
    else:
        yield size  # `0.5 - 3`, `0.5-3`
        if value.isalpha():  # `x - 3`, but also `is - 3`
            yield -size
    if "," in digits:  # a decimal comma, or two numbers of a list
        yield from (float(part) for part in digits.split(","))
