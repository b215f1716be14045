"""What a sitting came to: derived from its log alone, so the same log gives the same bytes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from grader.exam import timeline
from grader.exam.marking import substance
from grader.model import Frozen, GraderFault, Refused, Status, Verdict
from grader.sitting import Log, Part
from grader.sitting.clock import SECOND
from grader.sitting.exam import Exam

ASSURANCE = {
    "server": "server: the log lay on the instructor's machine; time, content and order hold",
    "lab": "lab machine: time, content and order hold unless a proctor colluded",
    "own": "self-attested: own machine, unattended; clock games while it was off go unseen",
    "mock": "mock exam: it does not count",
}


class Given(Frozen):
    """Points that a person gave in place of the grader's."""

    score: float
    by: str
    reason: str


class Line(Frozen):
    """One check of a part."""

    check: str
    claim: str
    status: Status
    earned: float
    worth: float


class PartResult(Frozen):
    """One part: what was handed in when, and what it earned."""

    name: str
    points: int
    score: float
    """What counts."""
    marked: float
    """By the grader."""
    override: Given | None
    passed: bool
    """By the grader, all that the part asks for; by a person, enough points."""
    provisional: bool
    """A person has still to look at it."""
    confirmed: str
    """By whom; empty where nobody did."""
    closed: str
    """submitted, expired or ended_by_staff; empty where it was never opened."""
    closed_s: float
    """Exam time, in seconds."""
    snapshot: int
    """The event whose files were graded; 0 where there is none."""
    files: dict[str, str]
    """sha256 by path."""
    notes: tuple[str, ...]
    checks: tuple[Line, ...]
    substance: str
    """sha256 of the verdict without times."""


class Result(Frozen):
    """One learner's exam."""

    schema_: Annotated[Literal["grader.result/1"], Field(alias="schema")] = "grader.result/1"
    exam: str
    exam_sha256: str
    learner: str
    ticket: str
    level: str
    assurance: str
    head: str
    """Hash of the event that ended the sitting: the log up to there is what was graded."""
    events: int
    """The number of that event."""
    parts: tuple[PartResult, ...]
    score: float
    points: int
    passed: bool
    provisional: bool
    released: bool
    flags: tuple[tuple[int, str], ...]
    """What a person should know, by the number of the event that shows it."""
    decisions: tuple[str, ...]
    """What was done in the name of staff while it was sat; the log does not show who typed it."""
    versions: dict[str, str]
    hashes: dict[str, str]
    """sha256 of what the marks rest on, by part and name."""


def result(log: Log, exam: Exam) -> Result:
    """The result of a graded sitting. `log` is one that was just opened.

    Raises: Refused where it is not graded, GraderFault where the log is damaged.
    """
    told = timeline.moments(log)
    state = told[-1].state
    if state.status not in ("graded", "released"):
        raise Refused(f"The sitting of {state.learner} is {state.status}; grade it first.")
    verdicts = {part.name: verdict(log, part) for part in state.parts}
    least = exam.pass_mark.each_part_percent / 100
    parts = tuple(_part(part, verdicts[part.name], least) for part in state.parts)
    score, flags = round(sum(part.score for part in parts), 2), state.flags
    return Result(
        exam=state.exam,
        exam_sha256=state.exam_sha256,
        learner=state.learner,
        ticket=state.ticket,
        level=state.level,
        assurance=ASSURANCE.get(state.level, state.level),
        head=log.rows()[state.finished - 1].hash,
        events=state.finished,
        parts=parts,
        score=score,
        points=sum(part.points for part in parts),
        passed=score >= exam.pass_mark.total and all(part.passed for part in parts),
        provisional=any(part.provisional for part in parts),
        released=state.status == "released",
        flags=tuple(each for each in flags if each[0] <= state.finished),
        decisions=tuple(timeline.decisions(told[: state.finished])),
        versions=next(iter(verdicts.values())).versions,
        hashes={
            f"{name}/{what}": sha
            for name, each in verdicts.items()
            for what, sha in each.hashes.items()
        },
    )


def verdict(log: Log, part: Part) -> Verdict:
    """The grader's verdict on a part. Raises: GraderFault where it is missing."""
    content = log.blob(part.verdict)
    if content is None:
        raise GraderFault(f"The verdict on {part.name} is missing in {log.path.name}; grade again.")
    return Verdict.model_validate_json(content)


def _part(part: Part, verdict: Verdict, least: float) -> PartResult:
    given = part.override
    enough = part.score >= least * part.points
    return PartResult(
        name=part.name,
        points=part.points,
        score=part.score,
        marked=part.marked,
        override=given and Given(score=given.score, by=given.by, reason=given.reason),
        passed=enough and (verdict.passed or given is not None),
        provisional=part.provisional,
        confirmed=part.confirmed,
        closed=part.reason,
        closed_s=round(part.closed_ns / SECOND, 1),
        snapshot=part.submitted.seq if part.submitted else 0,
        files=dict(part.submitted.manifest) if part.submitted else {},
        notes=verdict.notes,
        checks=tuple(
            Line(
                check=each.check,
                claim=each.claim,
                status=each.status,
                earned=round(verdict.earned(each), 2),
                worth=round(verdict.worth(each), 2),
            )
            for each in verdict.outcomes
        ),
        substance=substance(verdict),
    )
