"""Verdicts whose every string is safe to show: nothing in them moves a cursor or reorders text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from grader.model import Verdict

SEQUENCES = re.compile(  # colours and cursor moves; titles and links; any other
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
UNSHOWABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # writing direction
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)


def plain_text(text: str) -> str:
    """Drop terminal sequences, control characters and marks that change writing direction."""
    return UNSHOWABLE.sub("", LINE_ENDS.sub("\n", SEQUENCES.sub("", text))).expandtabs(4)


def plain(verdict: Verdict, encoding: str = "utf-8") -> Verdict:
    """The same verdict, safe to show; what `encoding` cannot write becomes an escape."""

    def shown(text: str) -> str:
        return plain_text(text).encode(encoding, "backslashreplace").decode(encoding)

    return Verdict.model_validate(_mapped(verdict.model_dump(), shown))


def _mapped(value: Any, shown: Callable[[str], str]) -> Any:
    """Apply `shown` to every string in nested containers, keys included."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {_mapped(key, shown): _mapped(each, shown) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(each, shown) for each in value]
    return value
