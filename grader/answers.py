"""A submission that is data: predicted answers in YAML, never executed."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import yaml

from grader.documents import read_yaml
from grader.model import Submission, UsageError

LARGEST = 1e9
"""What an answer worked out by hand may be."""


class Answers:
    """The learner's answers by item; checks read them with `submission["q01"]`."""

    def __init__(self, submission: Submission) -> None:
        """Raises: model.UsageError if the file is no mapping; an empty one has no answers."""
        self._items, self._lines = read_yaml(submission.content, submission.name)
        if self._items is None:
            self._items = {}
        if not isinstance(self._items, dict):
            kind = type(self._items).__name__
            raise UsageError(f"{submission.name}: expected `item: answer` lines, got {kind}.")
        self.last = ""

    def __getitem__(self, item: str) -> Any:
        """The answer, or None where there is none."""
        self.last = item
        return self._items.get(item)

    def __iter__(self) -> Any:
        return iter(self._items)

    def line(self, item: str) -> int | None:
        """The line on which an item begins."""
        return self._lines.get((item,))


def number(value: Any) -> float:
    """A whole or decimal number, or a fraction written as "3/4".

    Raises: ValueError with what to write instead.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        found = float(Fraction(value) if isinstance(value, str) else value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise ValueError("write a number such as -18, 2.5 or 3/4") from None
    if not math.isfinite(found) or abs(found) > LARGEST:
        raise ValueError("write a number of ordinary size")
    return found


def written(answer: Callable[[Any], Any], questions: dict[str, Any], name: str) -> Submission:
    """The YAML that a reference or a known mistake would hand in for the same questions."""
    answers = {item: answer(question) for item, question in questions.items()}
    return Submission(
        name=name, content=yaml.dump(answers, Dumper=_Plain, sort_keys=False).encode()
    )


class _Plain(yaml.SafeDumper):
    """Writes a list twice where two answers share it: aliases are not read back."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
