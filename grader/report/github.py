"""What GitHub shows of a workflow: the summary of a step, and annotations on lines.

Source: Workflow commands for GitHub Actions, in GitHub's documentation: 1 MiB of summary and 10
annotations of a kind for each step, and how a command's values are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.markdown import sections
from grader.report.plain import plain
from grader.report.text import explained

SUMMARY = 1024 * 1024
"""Most bytes of a summary."""
ROOM = 200
"""Bytes that are kept for the last sentence."""
ANNOTATIONS = 10
"""Most annotations of a kind."""


def as_summary(verdicts: Iterable[Verdict]) -> str:
    """The report in Markdown, cut between two sections where it is more than GitHub takes."""
    parts = list(sections(verdicts))
    kept, size = [], 0
    for part in parts:
        size += len(part.encode("utf-8")) + 1
        if size > SUMMARY - ROOM:
            break
        kept.append(part)
    if left := len(parts) - len(kept):
        kept.append(f"{left} more sections are not shown: GitHub takes at most 1 MiB.\n")
    return "\n".join(kept)


def as_annotations(verdicts: Iterable[Verdict], places: Mapping[str, str] | None = None) -> str:
    """Workflow commands that mark the learner's lines, to be printed by a step of the job.

    Args: places, where the file of an exercise lies in the repository; else its bare name is told.
    """
    lines: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for name, outcome, verdict in wording.checks(map(plain, verdicts)):
        if outcome.status not in wording.FINE:
            file = (places or {}).get(verdict.exercise, verdict.file)
            where = f"file={_property(file)}" + (f",line={outcome.line}" if outcome.line else "")
            message = _data(explained(outcome, verdict) or name)
            kind = _kind(outcome)
            lines[kind].append(f"::{kind} {where},title={_property(name)}::{message}\n")
    return "".join(line for kind in lines.values() for line in kind[:ANNOTATIONS])


def _kind(outcome: Outcome) -> str:
    if outcome.status is Status.GRADER_FAULT:
        return "warning"
    return "notice" if outcome.merit else "error"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
