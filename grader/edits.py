"""A program that differs from another in a few places: exact edits, not a second copy."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.model import Frozen, GraderFault


class Edit(Frozen):
    """Text that occurs once, at whatever indentation, and what stands in its place."""

    old: str
    new: str
    file: str = ""
    """Where the program is a folder: which of its files."""


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Apply edits one after the other; what is new is indented as what it replaces.

    Raises: GraderFault unless each finds its place exactly once.
    """
    for edit in edits:
        first, *rest = edit.old.rstrip("\n").split("\n")
        more = "".join("\n" + (rf"(?P=indent){re.escape(line)}" if line else "") for line in rest)
        places = list(
            re.finditer(rf"(?m)^(?P<indent> *)(?P<before>.*?){re.escape(first)}{more}", text)
        )
        if len(places) != 1 or (not rest and text.count(first) != 1):
            raise GraderFault(f"an edit does not find {edit.old!r} exactly once; mend its `old`.")
        (place,) = places
        indent, before, after = place["indent"], place["before"], text[place.end() :]
        if not edit.new and not before and after.startswith("\n"):  # whole lines go
            text = text[: place.start()] + after[1:]
            continue
        lines = edit.new.rstrip("\n").split("\n")
        put = "".join("\n" + (indent + line if line else "") for line in lines)[1:]
        text = text[: place.start()] + indent + before + put.removeprefix(indent) + after
    return text
