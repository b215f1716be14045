"""A sitting as its candidate reads it: time left, last save, lines, a countdown."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import click

from grader import catalogue, rules
from grader.exam.keeper import PAUSE_S, Saving, ensure, short
from grader.exam.place import Place
from grader.exam.timeline import clock_text as clock
from grader.model import GraderFault, Refused, UsageError
from grader.sitting import Part, Sitting
from grader.sitting.clock import SECOND

MINUTE_NS = 60 * SECOND
ENSURE_EVERY = 15
"""Looks of the watch."""
WARNINGS = (15, 5, 1)
"""Minutes before the end."""
START = "\r\x1b[K"
"""Back to the start of an empty line."""
REASONS = {"submitted": "submitted", "expired": "time over", "ended_by_staff": "ended by staff"}


class Saved(NamedTuple):
    """How safe the work is, in a few words."""

    text: str
    good: bool


def ago(ns: int) -> str:
    """`12 s` or `8 min`."""
    return f"{ns // SECOND} s" if ns < 2 * MINUTE_NS else f"{ns // MINUTE_NS} min"


def saved(sitting: Sitting, part: Part, error: str) -> Saved:
    """What is said about the last save; `error` is what the keeper met last."""
    try:
        waiting = sitting.unsaved(part.name)
    except Refused as refusal:
        error = short(refusal)
        waiting = True
    last = part.snapshots[-1] if part.snapshots else None
    if error and (waiting or last is None):
        known = f" Saved before: #{last.seq}." if last else ""
        return Saved(f"NOT SAVED: {error.rstrip('.')}.{known}", False)
    if last is None:
        return Saved("nothing to save yet" if not waiting else "not saved yet", True)
    more = ", newer edits follow" if waiting else ""
    more = f", but the next save may FAIL: {error}" if error else more
    age = ago(sitting.tick() - last.taken_ns)
    return Saved(f"saved {age} ago (#{last.seq}){more}", not error)


def status(place: Place, sitting: Sitting, error: str) -> Iterator[str]:
    """The lines of `grade exam status`."""
    now, state = sitting.tick(), sitting.state
    count = " (practice, it does not count)" if state.level == "mock" else ""
    yield f"{state.exam}, {state.learner}: {state.status}{count}"
    width = max(len(part.name) for part in state.parts)
    for part in state.parts:
        left = clock(part.remaining_ns(now))
        yield (
            f"  {part.name:<{width}}  "
            + {
                "locked": f"{left}         not opened yet",
                "open": f"{left} left    ends {_at(part.remaining_ns(now))}",
                "paused": f"{left} left    PAUSED by staff",
                "closed": f"closed: {REASONS.get(part.reason, part.reason)}; {_counts(part)}",
            }[part.status]
        )
    if now_open := state.active:
        text, good = saved(sitting, now_open, error)
        yield text if good else click.style(text, fg="red", bold=True)
        here = [name for name in _counted(now_open) if (place.folder / name).is_file()]
        yield from (_total(place, name) for name in here)
    if any(flag == "disk_full" for _, flag in state.flags):
        yield click.style("The disk is nearly full: free some space, tell the proctor.", fg="red")
    code = sitting.anchor
    yield f"Code for the proctor: {code.seq} {code.code}"
    if not state.active and state.status in ("ready", "running"):
        yield "Next: grade exam next"


def _at(left_ns: int) -> str:
    return f"at {time.strftime('%H:%M:%S', time.localtime(time.time() + left_ns / SECOND))}"


def _counts(part: Part) -> str:
    kept = part.submitted
    return f"what was saved as #{kept.seq} counts" if kept else "nothing was saved"


def lines(place: Place, part: Part) -> Iterator[str]:
    """The cost of every line of the files of a part that are named in full.

    Raises: Refused where the part has none, UsageError where one cannot be read.
    """
    for name in _counted(part):
        for line in rules.canonical(_source(place, name)):
            yield f"{line.cost or '':>3}  {line.text}"
        yield f"\n{_total(place, name)}"
    if not _counted(part):
        raise Refused(f"Lines are not counted in {part.name}.")


def _counted(part: Part) -> list[str]:
    return [name for name in part.files if name.endswith(".py") and "*" not in name]


def _total(place: Place, name: str) -> str:
    try:
        cost = rules.cost(_source(place, name))
    except UsageError as error:
        return f"{name}: lines cannot be counted: {error}"
    return f"{name}: {cost.lines} lines, {cost.tokens} tokens"


def _source(place: Place, name: str) -> str:
    return catalogue.read_submission(place.folder / name).content.decode("utf-8-sig", "replace")


def step(row: Mapping[str, Any]) -> str:
    """A row of a training's log in one line."""
    if "error" in row:
        where = f" (line {row['line']})" if row.get("line") else ""
        return click.style(f"ended: {row['error']}{where}", fg="red")
    return "  ".join(f"{name} {value}" for name, value in row.items() if value is not None)


class Line(NamedTuple):
    """What the watch shows for one second."""

    text: str
    good: bool
    warning: str = ""
    """Shown once, and above."""


def countdown(sitting: Sitting) -> Iterator[Line]:
    """A line for each look, until no part is open; it saves what is due."""
    saving, warned = Saving(sitting), 0
    error = ""
    while True:
        try:
            part, error = saving.save(), ""
        except (Refused, GraderFault) as fault:
            part, error = sitting.state.active, short(fault)
        if part is None:
            return
        left, warning = part.remaining_ns(sitting.tick()), ""
        near = min((each for each in WARNINGS if left <= each * MINUTE_NS), default=0)
        if near and near != warned:
            warned, unit = near, "minute is" if near == 1 else "minutes are"
            warning = f"Less than {near} {unit} left in {part.name}."
        text, good = saved(sitting, sitting.state.part(part.name), error)
        state = "PAUSED by staff" if part.status == "paused" else "left"
        yield Line(f"{part.name}  {clock(left)} {state}  {text}", good, warning)


def watch(place: Place, sitting: Sitting, bell: bool) -> None:
    """Show the countdown in one line of this terminal until no part is open."""
    end = "" if sys.stdout.isatty() else "\n"
    for n, line in enumerate(countdown(sitting), 1):
        if line.warning:
            click.echo(f"{START}{line.warning}" + ("\a" if bell else ""))
        text = line.text[: shutil.get_terminal_size().columns - 1] if not end else line.text
        click.echo(
            f"{START if not end else ''}"
            + (text if line.good else click.style(text, fg="red", bold=True))
            + end,
            nl=False,
        )
        if n % ENSURE_EVERY == 0:
            with suppress(GraderFault):  # the watch saves as well
                ensure(place)
        time.sleep(PAUSE_S)
    click.echo(end or "\n", nl=False)
