"""Which sittings of a class look alike: for a person to read, never a mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from grader.exam.evidence import opened
from grader.exam.marking import handed_in
from grader.exam.prose import likeness, read
from grader.sitting import rules


class Pair(NamedTuple):
    """Two learners whose prose shares runs of five words."""

    share: float
    """Of the shorter text, from 0 to 1."""
    part: str
    one: str
    other: str


def pairs(sources: Iterable[Path], least: float) -> list[Pair]:
    """Pairs of essays at least so much alike, the most alike first.

    Code is left out: fifty lines of the same task look alike whoever wrote them.

    Args: sources, bundles or candidates' folders. Raises: Refused where a log cannot be read.
    """
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for source in sources:
        with opened(source) as log:
            state = rules.fold(log.new())
            for part in state.parts:
                if part.form == "essay":
                    files = handed_in(log, part)
                    texts[part.name][state.learner] = "\n".join(map(read, files.values()))
    found = [
        Pair(likeness(first, second), part, one, other)
        for part, essays in texts.items()
        for (one, first), (other, second) in combinations(sorted(essays.items()), 2)
    ]
    return sorted((pair for pair in found if pair.share >= least), reverse=True)
