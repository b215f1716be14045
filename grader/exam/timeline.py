"""A sitting told afterwards or from beside: what happened, what was missed, how it stands.

Reads logs and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from grader.model import GraderFault, Refused
from grader.sitting import Log, Part, State, rules
from grader.sitting.chain import ANCHOR, Event
from grader.sitting.clock import SECOND, Clock, elapsed

OUTAGE_NS = 60 * SECOND
"""Four beats that did not come."""
QUIET = {"beat", "snapshot"}


class Moment(NamedTuple):
    """An event, and the sitting after it."""

    event: Event
    state: State


class Outage(NamedTuple):
    """A part was open, and nothing was heard from the machine."""

    number: int
    """From 1, in order."""
    part: str
    start_ns: int
    """Exam time."""
    ns: int
    """How much of the part's time went by."""
    seq: int
    """The first event after it."""


class Standing(NamedTuple):
    """One row of the board; times in nanoseconds, None where there was no such thing."""

    learner: str
    status: str
    part: Part | None
    left_ns: int | None
    beat_ns: int | None
    """Since the last sign of life."""
    save_ns: int | None
    code: str
    flags: tuple[str, ...]
    given_s: int
    """Extensions and reopenings, in seconds."""


def moments(log: Log) -> list[Moment]:
    """All that happened. Raises: GraderFault where the log is damaged, Refused where it is forged.

    `log` is one that was just opened.
    """
    found: list[Moment] = []
    state = State()
    for event in log.new():
        state = rules.apply(state, event)
        found.append(Moment(event, state))
    if not found:
        raise GraderFault(f"{log.path.name} holds no event; name another file.")
    return found


def outages(told: Sequence[Moment]) -> list[Outage]:
    """The gaps of more than a minute while a part was open."""
    found: list[Outage] = []
    for before, after in pairwise(told):
        part = before.state.active
        if part is None or part.status != "open":
            continue
        start, end = before.state.now_ns, min(after.state.now_ns, part.deadline_ns)
        if end - start > OUTAGE_NS:
            number, seq = len(found) + 1, after.event.seq
            found.append(Outage(number, part.name, start, end - start, seq))
    return found


def standing(log: Log, clock: Clock) -> Standing:
    """How a sitting stands by the clock of this machine. Raises: GraderFault, Refused."""
    told = moments(log)
    state, reading = told[-1].state, clock.read()
    assert state.reading is not None
    now = state.now_ns + elapsed(state.reading, reading, clock.host != state.host).ns
    last = {moment.event.kind: moment.state.now_ns for moment in told}
    part = state.active
    grants = [m.event.data["seconds"] for m in told if m.event.kind in ("extend", "reopen")]
    return Standing(
        state.learner,
        state.status,
        part,
        part.remaining_ns(now) if part else None,
        now - last["beat"] if "beat" in last else None,
        now - last["snapshot"] if "snapshot" in last else None,
        f"{log.seq} {log.head[:ANCHOR]}",
        tuple(sorted({flag for _, flag in state.flags})),
        sum(grants),
    )


def decisions(told: Sequence[Moment]) -> list[str]:
    """What was done in the name of staff, one line each: anybody who may write could have."""
    return [
        f"#{each.event.seq} {_text(each.event)}"
        for each in told
        if "by" in each.event.data and each.event.kind != "anchor"
    ]


def clock_text(ns: int) -> str:
    """`1:05:09`, rounded down."""
    seconds = ns // SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def lines(told: Sequence[Moment]) -> Iterator[str]:
    """The time line: number, exam time, time of day, what happened; then the outages' numbers."""
    missed = {outage.seq: outage for outage in outages(told)}
    flags: dict[int, list[str]] = {}
    for seq, flag in told[-1].state.flags:
        flags.setdefault(seq, []).append(flag)

    def kept_apart(moment: Moment) -> int:
        seq = moment.event.seq
        quiet = moment.event.kind in QUIET and seq not in missed and seq not in flags
        return 0 if quiet else seq

    for alone, group in groupby(told, kept_apart):
        run = list(group)
        first, last = run[0], run[-1]
        if outage := missed.get(alone):
            yield (
                f"{'':>6}  {clock_text(outage.start_ns)}  -- outage {outage.number}: nothing heard"
                f" for {clock_text(outage.ns)} in {outage.part}"
            )
        what = _text(first.event) if alone else _quiet(run)
        span = f"{first.event.seq}" if first is last else f"{first.event.seq}-{last.event.seq}"
        wall = time.strftime("%H:%M:%S", time.localtime(first.event.reading.wall_ns / SECOND))
        marks = "".join(f"  [{flag}]" for flag in flags.get(alone, ()))
        yield f"{span:>6}  {clock_text(first.state.now_ns)}  {wall}  {what}{marks}"


def _quiet(run: Sequence[Moment]) -> str:
    saves = sum(moment.event.kind == "snapshot" for moment in run)
    return f"{saves} saves, {len(run) - saves} signs of life"


def _text(event: Event) -> str:
    data = event.data
    what = {
        "create": f"{data.get('learner')}, {data.get('exam')}, level {data.get('level')}",
        "attach": f"on {data.get('host')}",
        "snapshot": f"{len(data.get('manifest', ()))} files",
        "late_copy": f"{len(data.get('manifest', ()))} files after the end",
        "anchor": f"code {data.get('code')} of event {data.get('event')} was noted",
        "close": str(data.get("reason")),
    }.get(event.kind, "")
    given = f"+{data['seconds']} s" if "seconds" in data else ""
    why = f"by {data['by']}: {data['reason']}" if "reason" in data and "by" in data else ""
    by = f"by {data['by']}" if "by" in data and not why else ""
    return " ".join(filter(None, (event.kind, str(data.get("part", "")), what, given, why or by)))


def unreadable(name: str, error: Refused | GraderFault) -> Standing:
    """The row of a sitting that cannot be read."""
    return Standing(name, "UNREADABLE", None, None, None, None, "", (str(error),), 0)
