"""Which sittings of a class look alike: for a person to read, never a mark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.exam.evidence import opened
from grader.exam.marking import handed_in
from grader.oracle.prose import WORD, likeness, read, shingles
from grader.report.plain import plain_text
from grader.similar import Alike, Pair, Spans, Text, ranked
from grader.sitting import rules

RUN = 5
"""Words in a row that are the same."""


def pairs(sources: Iterable[Path], least: float) -> list[Pair]:
    """Pairs of essays at least so much alike, the most alike first.

    Code is left out: fifty lines of the same task look alike whoever wrote them.

    Args: sources, bundles or candidates' folders. Raises: Refused where a log cannot be read.
    """
    texts = []
    for source in sources:
        with opened(source) as log:
            state = rules.fold(log.new())
            for part in state.parts:
                if part.form == "essay":
                    text = "\n".join(map(read, handed_in(log, part).values()))
                    texts.append(Text(plain_text(state.learner), part.name, plain_text(text)))
    return ranked(texts, str, _compare, least)


def _compare(one: str, other: str) -> Alike:
    share = likeness(one, other)
    return Alike(share, _spans(one, other), _spans(other, one)) if share else Alike(0)


def _spans(text: str, other: str) -> Spans:
    """Where five words in a row stand in the other text too."""
    known, found = shingles(other), list(WORD.finditer(text))
    words = [match[0].lower() for match in found]
    runs = (
        (found[i].start(), found[i + RUN - 1].end())
        for i in range(len(found) - RUN + 1)
        if tuple(words[i : i + RUN]) in known
    )
    return tuple(runs)
