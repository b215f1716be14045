"""The keeper: a process without a terminal that saves the work while a part is open.

It saves every `autosave_s` where files changed, gives a sign of life every 15 s, closes the part
at its deadline, and ends when nothing is open. There is one for each sitting, by a lock on the
file `.sitting/keeper`, which also holds what went wrong last. It may be killed at any time: the
log has all there is to know, and the next command starts another.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from grader.exam.place import Place
from grader.model import GraderFault, Refused, UsageError
from grader.sitting import Part, Sitting
from grader.sitting.clock import SECOND, Clock, SystemClock

BEAT_NS = 15 * SECOND
LAST_NS = 3 * SECOND
"""Before the end of a part it looks at the files every second."""
PAUSE_S = 1.0
"""Seconds until it looks again: whether somebody submitted, paused or gave time."""
PATIENCE = 3 * 3600
"""Looks in a row that may fail before it gives up."""
SIZE = 2048
"""Bytes of its file, written when it starts, so that a full disk does not silence it."""
OURS = str(Path(__file__).resolve().parents[2])
PASSPHRASE = "GRADER_EXAM_PASSPHRASE"
START_S = 30
INSTEAD = "keep `grade exam watch` open, which saves too, and tell the proctor"
TRIES, TRY_S = 40, 0.05
"""To get the lock, which somebody who asks for it holds for a moment."""


class Saving:
    """Saves the open part of a sitting when it is due; used by the keeper and by `watch`."""

    def __init__(self, sitting: Sitting) -> None:
        self.sitting = sitting
        self.looked_ns: int | None = None
        self.beaten_ns: int | None = None

    def save(self) -> Part | None:
        """Save if it is due. Returns the part that is open or paused, None where there is none.

        Raises: Refused or GraderFault where nothing could be saved; it is tried again next time.
        """
        now = self.sitting.tick()
        part = self.sitting.state.active
        if part and part.status == "open" and self._due(part, now):
            self.sitting.snapshot(part.name)
            self.looked_ns = now
        return part

    def beat(self) -> None:
        """A sign of life, if it is due."""
        now = self.sitting.tick()
        if self.beaten_ns is None or now - self.beaten_ns >= BEAT_NS:
            self.sitting.beat()
            self.beaten_ns = now

    def _due(self, part: Part, now: int) -> bool:
        if self.looked_ns is None:
            return True
        ending = part.remaining_ns(now) <= LAST_NS
        return now - self.looked_ns >= (SECOND if ending else self.sitting.state.autosave_ns)


class Keeper:
    """One look after the other; the folder may be moved in between."""

    def __init__(self, place: Place, clock: Clock | None = None) -> None:
        self.place, self.clock = place, clock or SystemClock()
        self.saving: Saving | None = None
        self.error = ""
        self.failed = 0

    def look(self) -> bool:
        """Do what is due. Returns whether there is anything left to keep."""
        try:
            going = self._look()
            self.error, self.failed = "", 0
        except Exception as error:  # whatever it is, saving is tried again
            going = self.place.log.exists() and self.failed < PATIENCE
            # The first time it may be that another process wrote just now.
            self.error, self.failed = short(error) if self.failed else "", self.failed + 1
        return going

    def hurry(self) -> None:
        """Save now, due or not."""
        if self.saving:
            self.saving.looked_ns = None
            self.look()

    def follow(self, folder: Path) -> None:
        """The candidate's folder is here now."""
        if folder != self.place.folder:
            self.place = Place(folder)
            self.close()

    def close(self) -> None:
        """Let go of the log; the next look opens it again."""
        if self.saving:
            self.saving.sitting.close()
        self.saving = None

    def _look(self) -> bool:
        if self.saving is None:
            self.saving = Saving(self.place.sitting(self.clock))
        try:
            if not self.saving.save():
                return False
        finally:  # whatever is wrong with the files, the time goes on
            if self.saving.sitting.state.active:
                self.saving.beat()
        return True


class Report(NamedTuple):
    """What is known about the keeper of a place."""

    alive: bool
    error: str
    """Why nothing is saved at the moment; empty where all is well."""


def report(place: Place) -> Report:
    """Whether a keeper runs, and what it last said."""
    try:
        with place.keeper.open("rb") as file:
            alive = not _lock(file.fileno())
            said = json.loads(file.read(SIZE))
        return Report(alive, str(said["error"]) if alive else "")
    except (OSError, ValueError, KeyError, TypeError):
        return Report(False, "")


def ensure(place: Place) -> bool:
    """Start a keeper, detached from this terminal, unless one runs. Returns whether it did.

    When this returns, it has looked at the files once. Raises: GraderFault where none can run.
    """
    if report(place).alive:
        return False
    paths = [OURS, os.environ.get("PYTHONPATH")]
    environment = {k: v for k, v in os.environ.items() if k != PASSPHRASE}
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.exam.keeper"],
            cwd=place.folder,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise GraderFault(f"the keeper cannot be started ({error.strerror}); {INSTEAD}.") from None
    for _ in range(int(START_S / TRY_S)):
        if report(place).alive:
            return True
        if (code := process.poll()) == 0:  # another one was faster, or nothing is open any more
            return report(place).alive
        if code:
            break
        time.sleep(TRY_S)
    raise GraderFault(f"the keeper does not start, so nothing is saved by itself; {INSTEAD}.")


def run(place: Place) -> None:
    """Keep a place until nothing is open. Raises: Refused where another keeper runs."""
    keeper = Keeper(place)
    file = os.open(place.keeper, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(TRIES):
        if _lock(file):
            break
        time.sleep(TRY_S)
    else:
        raise Refused("Another keeper runs; there is one for each sitting.")
    signal.signal(signal.SIGTERM, _leave)
    _tell(file, "")  # what a keeper before this one said
    try:
        _keep(keeper, file)
    except SystemExit:  # the machine is shut down: what was typed last is saved first
        keeper.hurry()


def _leave(*_: object) -> None:
    raise SystemExit


def _keep(keeper: Keeper, file: int) -> None:
    """Look until nothing is open; what goes wrong is written into the file."""
    told, going = "?", True
    while going:
        going = keeper.look()
        if keeper.error != told:
            told = keeper.error
            _tell(file, json.dumps({"pid": os.getpid(), "error": told[: SIZE // 8]}))
        if going:
            time.sleep(PAUSE_S)
            with suppress(FileNotFoundError):  # the folder is gone, or moved to another disk
                keeper.follow(Path.cwd())


def _tell(file: int, text: str) -> None:
    """Put a text into the file in place, always of one size: that needs no space on the disk."""
    with suppress(OSError):
        os.pwrite(file, text.encode().ljust(SIZE), 0)


def _lock(file: int) -> bool:
    """Whether nobody else had the lock; it is held until the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def short(error: Exception) -> str:
    """One line for the candidate."""
    text = getattr(error, "strerror", None) or str(error)
    return str(text).removeprefix("Nothing was saved: ").split("\n", 1)[0]


if __name__ == "__main__":
    with suppress(Refused, UsageError):
        run(Place.find(Path.cwd()))
