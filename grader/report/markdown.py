"""Markdown, for whoever reads it.

Source: the GitHub Flavored Markdown specification: tables, backslash escapes, fenced code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from grader.model import Outcome, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.text import explained

MARKUP = re.compile(r"([\\`*_\[\]<>&|~#@$]|:(?=\S)|(?<=[wW]{3})\.|^[-+]|(?<=^\d)[.)])")
TICKS = re.compile("`+")


def as_markdown(verdicts: Iterable[Verdict]) -> str:
    """A section for each verdict, under a table of all where there are several."""
    return "\n".join(sections(verdicts))


def sections(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """The parts of the report, each whole by itself."""
    members = [plain(verdict) for verdict in verdicts]
    if len(members) != 1:
        yield "\n".join(_table(members))
    for verdict in members:
        yield "\n".join(_section(verdict))


def inline(text: str) -> str:
    """One line that is taken for nothing but text, with what stands in `backticks` as code."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return _escaped("`".join(parts))
    escaped = map(_escaped, parts)
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(escaped))


def fenced(text: str) -> str:
    """Lines as they are, in a fence that is longer than any inside of them."""
    fence = "`" * max([3, *(len(each) + 1 for each in TICKS.findall(text))])
    return f"{fence}text\n{text}\n{fence}"


def _table(verdicts: list[Verdict]) -> Iterator[str]:
    got, possible = wording.totals(verdicts)
    passed = sum(verdict.passed for verdict in verdicts)
    yield f"## {passed} of {len(verdicts)} exercises passed, {_score(got, possible)} points\n"
    yield "| Unit | Exercise | Result | Points |\n|---|---|---|---:|"
    for each in verdicts:
        name = f"{inline(each.unit)} | {inline(each.exercise)}"
        yield f"| {name} | {wording.headline(each)} | {_score(each.counts, each.points)} |"
    yield ""


def _section(verdict: Verdict) -> Iterator[str]:
    result = f"{wording.headline(verdict)}, {_score(verdict.score, verdict.points)} points"
    yield f"## {inline(verdict.exercise)}: {result}\n"
    for text in (verdict.title, wording.remark(verdict), *verdict.notes):
        if text.strip():
            yield f"{inline(text)}\n"
    yield "| | Claim | Points |\n|---|---|---:|"
    yield from (_row(outcome, verdict) for outcome in verdict.outcomes if outcome.judged)
    yield ""
    if asked := [each for each in verdict.outcomes if not each.judged]:
        yield f"### Self-assessed: {wording.CONFIRMED}\n\n| | Question | |\n|---|---|---|"
        yield from (_asked(outcome) for outcome in asked)
        yield ""
    for name, outcome, _ in wording.judged([verdict]):
        if why := explained(outcome, verdict):
            yield f"### {inline(name)}\n\n{fenced(why)}\n"
    if printed := wording.excerpt(verdict):
        yield f"Printed by your code:\n\n{fenced(printed)}\n"


def _row(outcome: Outcome, verdict: Verdict) -> str:
    merit = " (merit: not needed to pass)" if outcome.merit else ""
    score = _score(verdict.earned(outcome), verdict.worth(outcome))
    return f"| {wording.WORDS[outcome.status]} | {inline(outcome.claim)}{merit} | {score} |"


def _asked(outcome: Outcome) -> str:
    return (
        f"| {wording.WORDS[outcome.status]} | {inline(outcome.claim)} | {inline(outcome.message)} |"
    )


def _score(got: float, possible: float) -> str:
    return f"{wording.points(got)} of {wording.points(possible)}"


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\1", text)
