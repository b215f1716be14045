"""What can be judged from the source alone: forbidden names, imports, canonical lines.

The source is parsed and never run. This is a rule of the game with clear messages, not the wall:
a name can be hidden behind values that no reading of the source can follow. The box is the wall.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from grader.model import Rules
from grader.rules.inspector import forbidden_names
from grader.rules.lines import (
    Cost,
    Line,
    Unreadable,
    canonical,
    cost,
    parse,
    without_docstrings,
)

__all__ = ["Cost", "Line", "Unreadable", "Violation", "canonical", "cost", "judge", "missing"]

LONGEST_TEXT = 80
"""Characters of a text or bytes constant where lines are counted."""


class Violation(NamedTuple):
    """One broken rule."""

    line: int
    """Line of the file, from 1; 1 where the whole file is meant."""
    name: str
    """What was used, as written: `F.softmax`; or syntax, size, lines, tokens, long text."""
    why: str
    """One sentence for the learner."""


def judge(source: str, rules: Rules) -> tuple[Violation, ...]:
    """Return every broken rule, each line and name once, sorted by line; never raises."""
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > rules.size_kb * 1024:
        why = f"the file has {size} bytes and at most {rules.size_kb} KiB are allowed: shorten it"
        return (Violation(1, "size", why),)
    try:
        found = [*_names(source, rules), *_counts(source, rules)]
    except Unreadable as error:
        return (Violation(error.line, "syntax", str(error)),)
    except RecursionError:
        why = "the file is nested too deeply to be judged: split the longest expression"
        return (Violation(1, "syntax", why),)
    first = {(each.line, each.name): each for each in reversed(found)}
    return tuple(sorted(first.values()))


def missing(source: str, rules: Rules) -> tuple[str, ...]:
    """Return the expected names that are part of no name in the source, whatever their case.

    None where it is not Python.
    """
    if not rules.expect:
        return ()
    try:
        nodes = list(ast.walk(parse(source)))
    except Unreadable:
        return ()
    used = [node.id for node in nodes if isinstance(node, ast.Name)]
    used += [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    text = " ".join(used).lower()
    return tuple(name for name in rules.expect if name.lower() not in text)


def _names(source: str, rules: Rules) -> Iterator[Violation]:
    for line, name, reason in forbidden_names(parse(source), rules):
        yield Violation(line, name, f"line {line} uses `{name}`: {reason}")


def _counts(source: str, rules: Rules) -> Iterator[Violation]:
    if rules.lines is None:
        return
    spent = cost(source)
    for name, used, allowed in (
        ("lines", spent.lines, rules.lines),
        ("tokens", spent.tokens, rules.tokens),
    ):
        if used > allowed:
            why = f"the file counts {used} {name} and at most {allowed} are allowed"
            yield Violation(1, name, f"{why}: run `grade lines FILE` to see what each line costs")
    yield from _long_texts(without_docstrings(parse(source)))


def _long_texts(tree: ast.Module) -> Iterator[Violation]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() | bytes() as text, lineno=line):
                if len(text) > LONGEST_TEXT:
                    why = f"line {line} holds a text of {len(text)} characters"
                    limit = f"where lines are counted, at most {LONGEST_TEXT} are allowed"
                    yield Violation(line, "long text", f"{why}: {limit}")
