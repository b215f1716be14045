"""A rubric as a document: which concepts an essay explains, and by which sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from pydantic import Field, field_validator

from grader.model import Frozen

SYMBOLS = "+=·"


class Criterion(Frozen):
    """One concept: said where one prose sentence holds a term of every group."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    claim: str
    groups: tuple[tuple[str, ...], ...] = Field(alias="all", min_length=1)
    """Terms; `*` ends a word in any way, ` ... ` stands for up to four words."""

    @field_validator("groups")
    @classmethod
    def _terms(cls, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for group in groups:
            if not group or not all(any(map(_says_something, term)) for term in group):
                raise ValueError("a group needs terms, and a term a letter, digit or sign")
        return groups


class Length(Frozen):
    """How many words are asked for, and what a point is worth outside of that."""

    least: int = Field(320, ge=0)
    most: int = Field(480, gt=0)
    slack: int = Field(160, gt=0)
    """Words outside at which a point is worth `floor`, and no less further out."""
    floor: float = Field(0.4, ge=0, le=1)

    def factor(self, words: int) -> float:
        outside = max(self.least - words, words - self.most, 0)
        return max(1 - (1 - self.floor) * outside / self.slack, self.floor)


class Alarms(Frozen):
    """When a text is none that a person would write; a point is then worth `factor`."""

    prose: float = Field(0.5, ge=0, le=1)
    """Least share of the words that stand in sentences."""
    packed: float = Field(0.2, ge=0, le=1)
    """Least size when compressed: below, the text repeats itself."""
    copied: float = Field(0.25, ge=0, le=1)
    """Most of the text that may stand in the paper."""
    factor: float = Field(0.2, ge=0, le=1)


class Weights(Frozen):
    """How the points are shared out."""

    numbers: float = Field(1, gt=0)
    concepts: float = Field(1, gt=0)


class Rubric(Frozen):
    """rubric.yaml of a part that is an essay."""

    title: str
    pass_mark: float = Field(0.5, gt=0, le=1)
    weights: Weights = Weights()
    length: Length = Length()
    alarms: Alarms = Alarms()
    numbers_read: int = Field(60, gt=0)
    """Different numbers that are compared, from the beginning: a list of all is no answer."""
    concepts: tuple[Criterion, ...] = Field(min_length=1)

    @field_validator("concepts")
    @classmethod
    def _once(cls, concepts: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        if len({each.name for each in concepts}) < len(concepts):
            raise ValueError("two concepts have the same name")
        return concepts


class Found(NamedTuple):
    """The sentence that says a concept, or comes nearest."""

    said: bool
    sentence: str


def find(criterion: Criterion, sentences: Sequence[str]) -> Found:
    """The first sentence that holds a term of every group; else one with most groups."""
    best, most = "", 0
    for sentence in sentences:
        met = sum(_group(group).search(sentence) is not None for group in criterion.groups)
        if met > most:
            best, most = sentence, met
    return Found(most == len(criterion.groups), best)


@cache
def _group(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_pattern, terms)), re.I)


def _pattern(term: str) -> str:
    """A term as a regular expression; hyphens and spaces are alike."""
    if term in SYMBOLS:
        return re.escape(term)
    gap = r"(?:\W+\w+){0,4}?\W+".join(_words(part) for part in term.split(" ... "))
    return rf"(?<!\w)(?<!\d\.){gap}(?!\w|\.\d)"


def _words(text: str) -> str:
    if text == "-":
        return text
    return re.sub(r"\\[- ]", r"[-\\s]?", r"\w*".join(map(re.escape, text.split("*"))))


def _says_something(character: str) -> bool:
    return character.isalnum() or character in SYMBOLS + "-"
