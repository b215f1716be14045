"""One learner sits one exam: commands that become events, and files that become snapshots.

    sitting.sqlite3     the log, and all there is to know
    sitting.ballast     space that is given up when the disk is full

Every command does the same three things: it takes in what other processes wrote, attaches where
the machine was started anew, and closes a part whose time is over, at its deadline.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from grader import __version__
from grader.model import UsageError
from grader.sitting import chain, rules, worktree
from grader.sitting.clock import Clock, Reading, SystemClock
from grader.sitting.exam import Accommodation, Exam
from grader.sitting.log import Contents, Log
from grader.sitting.state import Part, Refused, Snapshot, State

STANDARD = Accommodation()


class Anchor(NamedTuple):
    """What a proctor notes outside the machine: it fixes all events up to this one."""

    seq: int
    code: str
    """The first 8 characters of the head's hash."""


class Sitting:
    """A sitting that exists. `work` is the learner's folder, where there is one on this machine."""

    def __init__(self, path: Path, work: Path | None = None, clock: Clock | None = None) -> None:
        self.log = Log(path)
        self.work = work
        self.clock = clock or SystemClock()
        self.state = State()
        self._begin()

    @classmethod
    def create(
        cls,
        path: Path,
        exam: Exam,
        learner: str,
        key: bytes,
        *,
        seed: int,
        level: str = "server",
        ticket: str = "",
        accommodation: Accommodation = STANDARD,
        work: Path | None = None,
        clock: Clock | None = None,
    ) -> Sitting:
        """Begin a sitting; it is there with its first event, or not at all.

        `key` is K(0): 32 secret bytes that only the instructor keeps.
        Raises: Refused where the sitting exists.
        """
        if len(key) != 32:
            raise UsageError(f"The key of a sitting has 32 bytes, not {len(key)}.")
        if path.exists():
            raise Refused(f"{path.name} exists; a sitting is created once.")
        clock = clock or SystemClock()
        window = exam.start_window
        data = {
            "exam": exam.exam,
            "exam_sha256": exam.sha256,
            "parts": [part.model_dump(mode="json") for part in exam.parts],
            "autosave_s": exam.autosave_s,
            "grace_s": exam.grace_s,
            "opens": window.opens and window.opens.isoformat(),
            "closes": window.closes and window.closes.isoformat(),
            "learner": learner,
            "seed": seed,
            "level": level,
            "ticket": ticket,
            "accommodation": accommodation.model_dump(mode="json"),
            "host": clock.host,
            "version": __version__,
        }
        beside = path.with_suffix(".new")
        journal = beside.with_name(f"{beside.name}-journal")
        for left in (journal, beside):  # of a creation that was cut off
            left.unlink(missing_ok=True)
        new = Log.create(beside, Contents((), {}, chain.Seal(0, key)))
        new.append(chain.Event(1, "create", data, clock.read()))
        new.close()
        beside.rename(path)
        journal.unlink(missing_ok=True)
        sitting = cls(path, work, clock)
        sitting.log.lay_ballast()
        return sitting

    def close(self) -> None:
        """Let go of the file; the sitting itself goes on."""
        self.log.close()

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.log.seq, self.log.head[: chain.ANCHOR])

    def tick(self) -> int:
        """Close what has expired. Returns the exam time now, in nanoseconds."""
        return self.state.now(self._begin())

    def beat(self) -> None:
        """A sign of life: it bounds the time that a reboot with a wrong clock could hide."""
        reading = self._begin()
        load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
        free = shutil.disk_usage(self.log.path.parent).free >> 20
        self._write(reading, "beat", load=load, free_mb=free, ballast=self.log.ballast.exists())

    def open(self, part: str) -> Anchor:
        """Start the time of a part."""
        self._write(self._begin(), "open", part=part)
        return self.anchor

    def next(self) -> Anchor:
        """Open the part that comes next; after the last one, finish."""
        reading = self._begin()
        locked = next((part for part in self.state.parts if part.status == "locked"), None)
        if locked:
            self._write(reading, "open", part=locked.name)
        else:
            self._write(reading, "finish")
        return self.anchor

    def snapshot(self, part: str) -> Snapshot | None:
        """Save the files of an open part; None where they are as they were.

        Raises: Refused where the part is not open, the time is over, or the files are unfit.
        """
        taken = self.state.now(self._begin())
        if (status := self.state.part(part).status) != "open":
            raise Refused(f"Nothing was saved: part {part} is {status}.")
        files, manifest = self._files(self.state.part(part))
        self._take_in()  # reading may have taken long; the clock is read only after this
        seen = self.state.part(part).snapshots
        if seen and not files:
            raise Refused(f"The files of part {part} are gone; what was saved last still counts.")
        if manifest == (seen[-1].manifest if seen else {}):
            return None
        try:
            self._write(
                self.clock.read(), "snapshot", files, part=part, taken=taken, manifest=manifest
            )
        except Refused:
            self._begin()
            raise
        return self.state.part(part).snapshots[-1]

    def submit(self, part: str) -> Anchor:
        """Save, where the files are on this machine, and close. Unfit files keep it open."""
        if self.work:
            self.snapshot(part)
        reading = self._begin()
        self._write(reading, "close", part=part, at=self.state.now(reading), reason="submitted")
        return self.anchor

    def extend(self, part: str, seconds: int, by: str, reason: str) -> None:
        """Give more time for a part that is not closed."""
        self._write(self._begin(), "extend", part=part, seconds=seconds, by=by, reason=reason)

    def pause(self, part: str, by: str, reason: str) -> None:
        self._write(self._begin(), "pause", part=part, by=by, reason=reason)

    def resume(self, part: str, by: str, reason: str) -> None:
        self._write(self._begin(), "resume", part=part, by=by, reason=reason)

    def reopen(self, part: str, seconds: int, by: str, reason: str) -> None:
        """Open a closed part again, for so many seconds from now."""
        self._write(self._begin(), "reopen", part=part, seconds=seconds, by=by, reason=reason)

    def end(self, by: str, reason: str) -> Anchor:
        """Finish, whatever is open or was not opened yet."""
        self._write(self._begin(), "finish", by=by, reason=reason)
        return self.anchor

    def void(self, by: str, reason: str) -> None:
        self._write(self._begin(), "void", by=by, reason=reason)

    def late_copy(self, part: str) -> Snapshot | None:
        """Keep the files of a closed part as evidence; None where there is nothing new."""
        reading = self._begin()
        return self._late_copy(self.state.part(part), reading)

    def accept_late(self, part: str, event: int, by: str, reason: str) -> None:
        """Let a late copy count in place of the last snapshot."""
        self._write(self._begin(), "accept_late", part=part, event=event, by=by, reason=reason)

    def grade(self, verdicts: Mapping[str, bytes], marks: Mapping[str, float]) -> None:
        """Keep the grader's verdict on each part, and its points."""
        manifest = {part: chain.digest(verdict) for part, verdict in verdicts.items()}
        files = {manifest[part]: verdict for part, verdict in verdicts.items()}
        self._write(self._begin(), "grade", files, manifest=manifest, marks=dict(marks))

    def override(self, part: str, score: float, by: str, reason: str) -> None:
        """Put a person's points in place of the grader's, which stay to be read."""
        self._write(self._begin(), "override", part=part, score=score, by=by, reason=reason)

    def confirm(self, part: str, by: str) -> None:
        """Let provisional points stand."""
        self._write(self._begin(), "confirm", part=part, by=by)

    def release(self, by: str) -> None:
        """The result may be handed out."""
        self._write(self._begin(), "release", by=by)

    def require(self, kind: str, **data: Any) -> None:
        """Raises: Refused where the rules forbid such an event now; nothing is written."""
        reading = self._begin()
        rules.apply(self.state, chain.Event(self.state.seq + 1, kind, data, reading))

    def unsaved(self, part: str) -> bool:
        """Whether the files differ from what was saved last. Raises: Refused for unfit ones."""
        seen = self.state.part(part).snapshots
        return self._files(self.state.part(part))[1] != (seen[-1].manifest if seen else {})

    def note(self, code: str, by: str) -> Anchor:
        """A proctor saw this code at the desk. Raises: Refused where no event has it."""
        reading = self._begin()
        found = [row for row in self.log.rows() if code and row.hash[: chain.ANCHOR] == code]
        if not found:
            raise Refused(f"No event of this sitting has the code {code}; read it once more.")
        self._write(reading, "anchor", event=found[-1].seq, code=code, by=by)
        return Anchor(found[-1].seq, code)

    def _begin(self) -> Reading:
        """What every command does first. Returns the reading that decides about it."""
        self._take_in()
        reading = self.clock.read()
        if self.state.reading and self.state.reading.boot_id != reading.boot_id:
            self._write(
                reading, "attach", host=self.clock.host, pid=os.getpid(), version=__version__
            )
        if part := self.state.expired(self.state.now(reading)):
            self._write(reading, "close", part=part.name, at=part.deadline_ns, reason="expired")
            with suppress(Refused):  # evidence only; unfit files do not keep a part open
                self._late_copy(self.state.part(part.name), reading)
        return reading

    def _take_in(self) -> None:
        """The events of other processes, so that the next one of ours can follow them."""
        self.state = rules.fold(self.log.new(), self.state)

    def _late_copy(self, part: Part, reading: Reading) -> Snapshot | None:
        files, manifest = self._files(part)
        known = [each.manifest for each in (part.submitted, *part.late) if each]
        if not files or manifest in known:
            return None
        self._write(reading, "late_copy", files, part=part.name, manifest=manifest)
        return self.state.part(part.name).late[-1]

    def _files(self, part: Part) -> tuple[dict[str, bytes], dict[str, str]]:
        """The content and the hash of each file of a part."""
        if self.work is None or not self.work.is_dir():
            raise Refused("Nothing was saved: the folder of this exam is not here; put it back.")
        files = worktree.collect(self.work, part.files)
        return files, {path: chain.digest(content) for path, content in files.items()}

    def _write(
        self, reading: Reading, kind: str, files: Mapping[str, bytes] | None = None, **data: Any
    ) -> None:
        """One event, if the rules allow it and the disk takes it."""
        event = chain.Event(self.state.seq + 1, kind, data, reading)
        after = rules.apply(self.state, event)
        self.log.append(event, list((files or {}).values()))
        self.state = after
