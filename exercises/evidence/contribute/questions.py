"""The four fields, the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field, and what is asked for in it."""

    name: str
    asked: str

    def __str__(self) -> str:
        return self.asked

    def read(self, answer: Any) -> str | None:
        """The text. Raises: ValueError where it is none."""
        if answer is None:
            return None
        if not isinstance(answer, str):
            raise ValueError("write a text, in quotes where it looks like something else")
        return answer.strip() or None


FIELDS = {
    "link": "where it can be seen, beginning with https://",
    "kind": "docs, example, notebook, post, issue or fix",
    "date": "the day on which it was made, as 2026-11-02",
    "learned": "50 to 100 words on what it taught you",
}


def draw(rng: object) -> dict[str, Field]:
    """The fields by name; nothing is drawn."""
    return {name: Field(name, asked) for name, asked in FIELDS.items()}
