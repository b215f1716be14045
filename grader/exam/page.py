"""The result of a sitting as one HTML page: marks with their reasons, the work, the time line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from markupsafe import Markup, escape

from grader import report
from grader.exam import timeline
from grader.exam.marking import handed_in
from grader.exam.result import PartResult, Result, verdict
from grader.model import Outcome, Status
from grader.report.plain import plain, plain_text
from grader.sitting import Log

SHORTEST = 20
"""Characters of a sentence that is marked in the text it was found in."""
ENDED = {
    "submitted": "submitted at {} of the exam's clock",
    "expired": "closed at its deadline, {} of the exam's clock",
    "ended_by_staff": "ended by staff at {} of the exam's clock",
    "": "never opened",
}


def page(path: Path, result: Result) -> str:
    """The page of a graded log. Raises: GraderFault, Refused where the log is not sound."""
    with closing(Log(path)) as log:
        told = timeline.moments(log)
        parts = {part.name: part for part in told[-1].state.parts}
        verdicts = {name: plain(verdict(log, part)) for name, part in parts.items()}
        texts = {
            name: {
                plain_text(path): marked(decoded(content), verdicts[name].outcomes)
                for path, content in handed_in(log, part).items()
            }
            for name, part in parts.items()
        }
    return report.render(
        "exam.html.j2",
        result=result,
        verdicts=verdicts,
        texts=texts,
        timeline=[plain_text(line) for line in timeline.lines(told)],
        ended=ended,
        anchors={id(each): f"part-{name}" for name, each in verdicts.items()},
        learners=[result.learner],
    )


def ended(part: PartResult) -> str:
    """When and how a part was closed, in words."""
    return ENDED[part.closed].format(timeline.clock_text(round(part.closed_s * 1e9)))


def decoded(content: bytes) -> str:
    """A file as text that is safe to show."""
    return plain_text(content.decode("utf-8-sig", "replace"))


def marked(text: str, outcomes: Iterable[Outcome]) -> Markup:
    """A text with the sentences marked that earned a point."""
    shown = str(escape(text))
    for outcome in outcomes:
        sentence = str(escape(outcome.message.strip().strip('"')))
        if outcome.status is Status.PASSED and len(sentence) >= SHORTEST:
            words = r"\s+".join(map(re.escape, sentence.split()))
            shown = re.sub(words, r"<mark>\g<0></mark>", shown, count=1)
    return Markup(shown)
