"""The rules of an exam: events are folded into a state, or refused; pure.

An event is legal exactly when `apply` takes it: the same function refuses a command before it
is written and reads a log that somebody hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from grader.sitting.chain import ANCHOR, Event
from grader.sitting.clock import SECOND, elapsed
from grader.sitting.state import Override, Part, Refused, Snapshot, State

MAX_GRANT_S = 24 * 3600
OVER = ("finished", "graded", "released")
Data = Mapping[str, Any]


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after some events. Raises: Refused at the first one that the rules forbid."""
    state = state or State()
    for event in events:
        state = apply(state, event)
    return state


def apply(state: State, event: Event) -> State:
    """The state after one more event. Raises: Refused where the rules forbid it."""
    try:
        rule = RULES[event.kind]
        after = _at(state, event)
        if state.status == "void" and event.kind not in ("attach", "beat"):
            raise Refused("This sitting is void; speak to the instructor.")
        if event.kind in DECISIONS and after.expired(after.now_ns):
            raise Refused("The time of the open part is over; close it first.")
        return rule(after, event.data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused(f"Event {event.seq} cannot be read ({error}); ask the instructor.") from None


def _at(state: State, event: Event) -> State:
    """Only the clock moved on."""
    if event.seq != state.seq + 1 or (state.status == "new") != (event.kind == "create"):
        raise Refused(f"Event {event.seq} ({event.kind}) cannot come here; ask the instructor.")
    before = state.reading or event.reading
    if event.kind != "attach" and event.reading.boot_id != before.boot_id:
        raise Refused("This machine was started anew; attach the sitting first.")
    moved = event.kind == "attach" and event.data["host"] != state.host
    ns, flags = elapsed(before, event.reading, moved)
    marks = state.flags + tuple((event.seq, flag) for flag in flags)
    now = state.now_ns + ns
    return replace(state, seq=event.seq, now_ns=now, reading=event.reading, flags=marks)


def _create(state: State, data: Data) -> State:
    factor, more = data["accommodation"]["factor"], data["accommodation"]["minutes"] * 60
    parts = tuple(
        Part(
            each["name"],
            tuple(each["files"]),
            round((each["seconds"] * factor + more) * SECOND),
            form=each["form"],
            points=each["points"],
        )
        for each in data["parts"]
    )
    return replace(
        state,
        status="ready",
        host=data["host"],
        learner=data["learner"],
        exam=data["exam"],
        exam_sha256=data["exam_sha256"],
        seed=data["seed"],
        level=data["level"],
        ticket=data["ticket"],
        autosave_ns=data["autosave_s"] * SECOND,
        grace_ns=data["grace_s"] * SECOND,
        window=(data["opens"], data["closes"]),
        parts=parts,
    )


def _attach(state: State, data: Data) -> State:
    return replace(state, host=data["host"])


def _beat(state: State, data: Data) -> State:
    flagged = any(flag == "disk_full" for _, flag in state.flags)
    if data["ballast"] or flagged:
        return state
    return replace(state, flags=(*state.flags, (state.seq, "disk_full")))


def _open(state: State, data: Data) -> State:
    _going(state)
    part = state.part(data["part"])
    _within_window(state)
    if state.active:
        raise Refused(f"Part {state.active.name} is still open; submit it first.")
    if part.status != "locked":
        raise Refused(f"Part {part.name} is closed; only staff can reopen it.")
    before = next((each for each in state.parts if each.status != "closed"), part)
    if before is not part:
        raise Refused(f"Part {before.name} comes first; open it.")
    deadline = state.now_ns + part.budget_ns
    return _with(replace(state, status="running"), part, status="open", deadline_ns=deadline)


def _within_window(state: State) -> None:
    if state.status != "ready" or state.reading is None:
        return
    wall = state.reading.wall_ns
    opens, closes = (each and datetime.fromisoformat(each) for each in state.window)
    if opens and wall < opens.timestamp() * SECOND:
        raise Refused(f"This exam can be started from {opens} on; come back then.")
    if closes and wall > closes.timestamp() * SECOND:
        raise Refused(f"This exam could be started until {closes}; speak to the instructor.")


def _snapshot(state: State, data: Data) -> State:
    part, taken = state.part(data["part"]), data["taken"]
    in_grace = part.status == "closed" and part.reason == "expired" and state.status == "running"
    if part.status != "open" and not in_grace:
        raise Refused(f"Nothing was saved: part {part.name} is {part.status}.")
    if not 0 <= taken <= min(state.now_ns, part.deadline_ns):
        raise Refused(f"Nothing was saved: the time of part {part.name} was over.")
    if state.now_ns > part.deadline_ns + state.grace_ns:
        raise Refused(f"Nothing was saved: reading part {part.name} took until after its end.")
    if part.snapshots and taken < part.snapshots[-1].taken_ns:
        raise Refused("A later state of these files is already saved; nothing is lost.")
    snapshot = Snapshot(state.seq, taken, dict(data["manifest"]))
    return _with(state, part, snapshots=(*part.snapshots, snapshot))


def _close(state: State, data: Data) -> State:
    part = state.part(data["part"])
    if part.status != "open":
        raise Refused(f"Part {part.name} is {part.status}; only an open part can be submitted.")
    expired = part.expired(state.now_ns)
    true = ("expired", part.deadline_ns) if expired else ("submitted", state.now_ns)
    if (data["reason"], data["at"]) != true:
        raise Refused(f"Part {part.name} was {true[0]} at {true[1]}, and nothing else.")
    return _with(state, part, status="closed", closed_ns=true[1], reason=true[0])


def _extend(state: State, data: Data) -> State:
    _going(state)
    part, more = state.part(data["part"]), _granted(data)
    if part.status == "closed":
        raise Refused(f"Part {part.name} is closed; reopen it instead.")
    if part.status == "locked":
        return _with(state, part, budget_ns=part.budget_ns + more)
    return _with(state, part, deadline_ns=part.deadline_ns + more)


def _pause(state: State, data: Data) -> State:
    _signed(data)
    part = state.part(data["part"])
    if part.status != "open":
        raise Refused(f"Part {part.name} is {part.status}; only an open part can be paused.")
    return _with(state, part, status="paused", paused_ns=state.now_ns)


def _resume(state: State, data: Data) -> State:
    _signed(data)
    part = state.part(data["part"])
    if part.status != "paused":
        raise Refused(f"Part {part.name} is {part.status}; only a paused part can be resumed.")
    deadline = part.deadline_ns + state.now_ns - part.paused_ns
    return _with(state, part, status="open", deadline_ns=deadline)


def _reopen(state: State, data: Data) -> State:
    _going(state)
    part, more = state.part(data["part"]), _granted(data)
    if state.active:
        raise Refused(f"Part {state.active.name} is still open; close it first.")
    if part.status != "closed":
        raise Refused(f"Part {part.name} is {part.status}; only a closed part can be reopened.")
    deadline = state.now_ns + more
    return _with(state, part, status="open", deadline_ns=deadline, reason="", accepted=None)


def _late_copy(state: State, data: Data) -> State:
    part = state.part(data["part"])
    if part.status != "closed":
        raise Refused(f"Part {part.name} is {part.status}; save it instead.")
    copy = Snapshot(state.seq, state.now_ns, dict(data["manifest"]))
    return _with(state, part, late=(*part.late, copy))


def _accept_late(state: State, data: Data) -> State:
    _signed(data)
    part = state.part(data["part"])
    copy = next((each for each in part.late if each.seq == data["event"]), None)
    if part.status != "closed" or copy is None:
        raise Refused(f"Event {data['event']} is no late copy of a closed part {part.name}.")
    return _with(state, part, accepted=copy)


def _finish(state: State, data: Data) -> State:
    _going(state)
    part = state.active
    if part and "by" not in data:
        raise Refused(f"Part {part.name} is still open; submit it first.")
    if any(each.status != "closed" for each in state.parts):
        _signed(data)
    if part:
        at = state.now_ns
        state = _with(state, part, status="closed", closed_ns=at, reason="ended_by_staff")
    return replace(state, status="finished", finished=state.seq)


def _void(state: State, data: Data) -> State:
    _signed(data)
    return replace(state, status="void")


def _anchor(state: State, data: Data) -> State:
    _named(data)
    if type(data["event"]) is not int or not 0 < data["event"] < state.seq:
        raise Refused(f"Event {data['event']} is not one that came before.")
    if not (isinstance(data["code"], str) and len(data["code"]) == ANCHOR):
        raise Refused(f"A code has {ANCHOR} characters; read it once more.")
    return state


def _grade(state: State, data: Data) -> State:
    if state.status not in OVER:
        raise Refused(f"This sitting is {state.status}; it is graded when it is over.")
    marked = [
        replace(
            part,
            verdict=data["manifest"][part.name],
            marked=_points(part, data["marks"][part.name]),
            confirmed=part.confirmed if part.verdict == data["manifest"][part.name] else "",
        )
        for part in state.parts
    ]
    return replace(state, status="graded", parts=tuple(marked))


def _override(state: State, data: Data) -> State:
    _signed(data)
    part = _marked(state, data)
    given = Override(_points(part, data["score"]), data["by"], data["reason"], state.seq)
    return _with(replace(state, status="graded"), part, override=given)


def _confirm(state: State, data: Data) -> State:
    part = _marked(state, data)
    return _with(state, part, confirmed=_named(data))


def _release(state: State, data: Data) -> State:
    _named(data)
    if state.status != "graded":
        raise Refused(f"This sitting is {state.status}; only one that is graded is released.")
    return replace(state, status="released")


def _marked(state: State, data: Data) -> Part:
    part = state.part(data["part"])
    if state.status not in ("graded", "released"):
        raise Refused(f"This sitting is {state.status}; grade it first.")
    return part


def _points(part: Part, score: object) -> float:
    if type(score) not in (int, float) or not 0 <= score <= part.points:  # type: ignore[operator]
        raise Refused(f"Part {part.name} has 0 to {part.points} points, not {score}.")
    return float(score)  # type: ignore[arg-type]


def _named(data: Data) -> str:
    by = data["by"]
    if not (isinstance(by, str) and by.strip()):
        raise Refused("Say who decides this.")
    return by


def _with(state: State, part: Part, **changes: Any) -> State:
    changed = replace(part, **changes)
    return replace(state, parts=tuple(changed if p is part else p for p in state.parts))


def _going(state: State) -> None:
    if state.status not in ("ready", "running"):
        raise Refused(f"This sitting is {state.status}; speak to the instructor.")


def _granted(data: Data) -> int:
    """The nanoseconds that staff give."""
    _signed(data)
    if type(data["seconds"]) is not int or not 0 < data["seconds"] <= MAX_GRANT_S:
        raise Refused(f"Give between 1 and {MAX_GRANT_S} whole seconds, not {data['seconds']}.")
    return data["seconds"] * SECOND


def _signed(data: Data) -> None:
    """Staff name themselves, and give a reason that the learner can read."""
    by, reason = data.get("by", ""), data.get("reason", "")
    if not (isinstance(by, str) and by.strip() and isinstance(reason, str) and reason.strip()):
        raise Refused("Say who decides this and why; the learner can read both.")


RULES: dict[str, Callable[[State, Data], State]] = {
    rule.__name__[1:]: rule
    for rule in (
        *(_create, _attach, _beat, _open, _snapshot, _close, _extend, _pause, _resume),
        *(_reopen, _late_copy, _accept_late, _finish, _void, _anchor),
        *(_grade, _override, _confirm, _release),
    )
}
DECISIONS = {"open", "extend", "pause", "resume", "reopen", "finish"}
"""What needs to know whether a part is open: one whose time is over is closed before."""
