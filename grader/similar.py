"""Which of many texts look alike: ranked pairs, side by side, for a person to read.

Nothing here is a verdict: two people who solved the same small task well may write the same lines.
What is compared, and how, is said by whoever asks: code by its tokens, prose by its words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import NamedTuple, TypeVar

from markupsafe import Markup, escape

from grader import report

T = TypeVar("T")
Spans = tuple[tuple[int, int], ...]
"""Where a text is alike: first character and the one behind the last, in order."""
MOST = 100
"""Pairs on a page, the most alike."""


class Text(NamedTuple):
    """What one learner wrote for one task; safe to show already."""

    learner: str
    task: str
    text: str


class Alike(NamedTuple):
    """How two texts compare."""

    share: float
    """Of the shorter one, from 0 to 1."""
    one: Spans = ()
    other: Spans = ()


class Pair(NamedTuple):
    """Two texts for the same task, and where they are alike."""

    one: Text
    other: Text
    alike: Alike


def ranked(
    texts: Iterable[Text],
    prepare: Callable[[str], T],
    compare: Callable[[T, T], Alike],
    least: float,
) -> list[Pair]:
    """Pairs at least so much alike, the most alike first.

    Args:
        prepare  is called once for each text
        compare  is called for each two of the same task, with what `prepare` gave
    """
    tasks: dict[str, list[tuple[Text, T]]] = defaultdict(list)
    for text in sorted(texts):
        tasks[text.task].append((text, prepare(text.text)))
    found = [
        Pair(one, other, alike)
        for members in tasks.values()
        for (one, mine), (other, theirs) in combinations(members, 2)
        if (alike := compare(mine, theirs)).share >= least
    ]
    return sorted(found, key=lambda pair: (-pair.alike.share, pair.one, pair.other))


def page(title: str, pairs: list[Pair]) -> str:
    """The pairs side by side, what is alike marked; one HTML page without scripts."""
    return report.render("similar.html.j2", title=title, pairs=pairs, most=MOST, marked=marked)


def marked(text: str, spans: Iterable[tuple[int, int]]) -> Markup:
    """A text with its spans marked, whatever it holds."""
    parts, end = [], 0
    for start, stop in sorted(spans):
        start, stop = max(start, end), min(stop, len(text))
        if start < stop:
            parts += [escape(text[end:start]), Markup("<mark>"), escape(text[start:stop])]
            parts.append(Markup("</mark>"))
            end = stop
    return Markup("").join([*parts, escape(text[end:])])
