"""What a sitting is after some of its events: frozen, and never stored.

sitting   new -> ready -> running -> finished -> graded -> released, and void from any of them
part      locked -> open <-> paused -> closed, and from closed to open by a reopening
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grader.model import Refused as Refused
from grader.sitting.clock import Reading, elapsed


@dataclass(frozen=True)
class Snapshot:
    """The files of a part at one moment."""

    seq: int
    taken_ns: int
    """Exam time at which the reading began."""
    manifest: Mapping[str, str]
    """sha256 of each path."""


@dataclass(frozen=True)
class Override:
    """Points that a person gave in place of the grader's."""

    score: float
    by: str
    reason: str
    seq: int
    """The event that says so."""


@dataclass(frozen=True)
class Part:
    """One part of one sitting; times are exam time in nanoseconds."""

    name: str
    files: tuple[str, ...]
    budget_ns: int
    """With the accommodation, and what was granted before it was opened."""
    status: Literal["locked", "open", "paused", "closed"] = "locked"
    deadline_ns: int = 0
    """Opened + budget + extensions + pauses, or what a reopening set."""
    paused_ns: int = 0
    closed_ns: int = 0
    reason: str = ""
    """submitted, expired or ended_by_staff."""
    snapshots: tuple[Snapshot, ...] = ()
    late: tuple[Snapshot, ...] = ()
    accepted: Snapshot | None = None
    """A late copy that staff let count."""
    form: str = ""
    points: int = 0
    verdict: str = ""
    """sha256 of the grader's verdict, once there is one."""
    marked: float = 0
    """Points by the grader."""
    override: Override | None = None
    confirmed: str = ""
    """Who looked at provisional points, and let them stand."""

    def remaining_ns(self, now: int) -> int:
        """What is left at an exam time, at least 0; a pause stops it."""
        if self.status in ("locked", "closed"):
            return self.budget_ns if self.status == "locked" else 0
        return max(0, self.deadline_ns - (self.paused_ns if self.status == "paused" else now))

    def expired(self, now: int) -> bool:
        return self.status == "open" and now > self.deadline_ns

    @property
    def score(self) -> float:
        """The points that count."""
        return self.override.score if self.override else self.marked

    @property
    def provisional(self) -> bool:
        """Whether a person has still to look at the points: a machine does not judge prose."""
        return self.form == "essay" and not (self.override or self.confirmed)

    @property
    def submitted(self) -> Snapshot | None:
        """What is graded: the last snapshot whose reading began before the part closed."""
        if self.status != "closed":
            return None
        in_time = [each for each in self.snapshots if each.taken_ns <= self.closed_ns]
        return self.accepted or (in_time[-1] if in_time else None)


@dataclass(frozen=True)
class State:
    """Everything about a sitting after its first `seq` events."""

    seq: int = 0
    now_ns: int = 0
    """Exam time of the last event."""
    reading: Reading | None = None
    host: str = ""
    status: Literal["new", "ready", "running", "finished", "graded", "released", "void"] = "new"
    learner: str = ""
    exam: str = ""
    exam_sha256: str = ""
    seed: int = 0
    level: str = ""
    """server, lab or own: where the sitting was meant to take place; mock where it does not count.
    """
    ticket: str = ""
    """The number of the ticket that it began with."""
    autosave_ns: int = 0
    """Exam time between two looks at the files."""
    grace_ns: int = 0
    window: tuple[str | None, str | None] = (None, None)
    parts: tuple[Part, ...] = ()
    finished: int = 0
    """The event that ended it; what comes later is the instructor's."""
    flags: tuple[tuple[int, str], ...] = ()
    """What a proctor should know, with the number of the event that shows it."""

    def now(self, reading: Reading) -> int:
        """The exam time of a reading taken on the boot of the last event."""
        return self.now_ns + (elapsed(self.reading, reading).ns if self.reading else 0)

    def part(self, name: str) -> Part:
        """Raises: Refused where there is no such part."""
        for part in self.parts:
            if part.name == name:
                return part
        names = ", ".join(part.name for part in self.parts)
        raise Refused(f"This exam has no part {name}; its parts are {names or 'not known yet'}.")

    @property
    def active(self) -> Part | None:
        """The part that is open or paused."""
        if self.status == "void":
            return None
        return next((part for part in self.parts if part.status in ("open", "paused")), None)

    def expired(self, now: int) -> Part | None:
        """The part whose time is over, and which is not closed yet."""
        return self.active if self.active and self.active.expired(now) else None
