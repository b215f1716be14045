"""Exam time: differences between readings of a machine's clocks, never the time of day itself.

Inside one boot only the boot clock counts: it runs through a suspend, and nobody can set it.
Across a reboot there is only the wall clock, and what it says is flagged where it cannot be true.
"""

from __future__ import annotations

import platform
import time
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, Protocol

SECOND = 1_000_000_000
JUMP_NS = 5 * SECOND
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MACHINE_ID = Path("/etc/machine-id")
WEAK = "weak-"


class Reading(NamedTuple):
    """All clocks of one machine at one moment."""

    wall_ns: int
    """Nanoseconds since 1970, as the machine believes."""
    boot_ns: int
    """Nanoseconds since the machine was started, suspends included."""
    boot_id: str
    """Another one after each start of the machine."""

    @property
    def weak(self) -> bool:
        """Whether this machine cannot tell one boot from the next."""
        return self.boot_id.startswith(WEAK)


class Elapsed(NamedTuple):
    """Exam time between two readings, and what a proctor should know about it."""

    ns: int
    flags: tuple[str, ...] = ()


def elapsed(before: Reading, after: Reading, moved: bool = False) -> Elapsed:
    """The exam time from one reading to the next; never negative.

    `moved` says that another machine took the second reading: how long that one has been up
    says nothing about the gap. Flags: clock_jump, reboot, clock_rollback, moved, weak_clock.
    """
    wall = after.wall_ns - before.wall_ns
    if before.boot_id == after.boot_id:
        boot = max(0, after.boot_ns - before.boot_ns)
        jumped = abs(wall - boot) > JUMP_NS + boot // 100
        return Elapsed(boot, ("clock_jump",) if jumped else ())
    least = 0 if moved or after.weak else after.boot_ns
    flags = ("moved" if moved else "weak_clock" if after.weak else "reboot",)
    if wall < least:
        return Elapsed(least, (*flags, "clock_rollback"))
    return Elapsed(wall, flags)


class Clock(Protocol):
    """Where readings come from; the only source of time in a sitting."""

    host: str
    """This machine: its name, and a mark that tells it from others of that name."""

    def read(self) -> Reading: ...


class SystemClock:
    """The clocks of this machine; weak where the system does not number its boots."""

    def __init__(self) -> None:
        name = platform.node()
        machine = MACHINE_ID.read_text().strip() if MACHINE_ID.exists() else ""
        self.host = f"{name}/{sha256(f'{machine}/{name}'.encode()).hexdigest()[:8]}"
        self._numbered = hasattr(time, "CLOCK_BOOTTIME") and BOOT_ID.exists()
        # Without a number, each process counts as a boot of its own: time by the wall clock.
        self._boot_id = BOOT_ID.read_text().strip() if self._numbered else WEAK + token_hex(8)

    def read(self) -> Reading:
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) if self._numbered else _since_start()
        return Reading(time.time_ns(), boot, self._boot_id)


class ManualClock:
    """A clock for tests: it stands still until it is told otherwise."""

    def __init__(self, host: str = "desk/1") -> None:
        self.host = host
        self._wall, self._boot, self._boots = 1_800_000_000 * SECOND, 1000 * SECOND, 0

    def read(self) -> Reading:
        return Reading(self._wall, self._boot, f"{self.host}-{self._boots}")

    def advance(self, seconds: float) -> None:
        self._wall += int(seconds * SECOND)
        self._boot += int(seconds * SECOND)

    def set_wall(self, seconds: float) -> None:
        """Somebody sets the time of day forward or, negative, back."""
        self._wall += int(seconds * SECOND)

    def reboot(self, down: float = 30, up: float = 5) -> None:
        """Off for `down` seconds, and on again since `up` seconds."""
        self._wall += int((down + up) * SECOND)
        self._boot = int(up * SECOND)
        self._boots += 1

    def on(self, host: str, up: float) -> ManualClock:
        """The clock of another machine that shows the same time and is up since `up` seconds."""
        other = ManualClock(host)
        other._wall, other._boot = self._wall, int(up * SECOND)
        return other


def _since_start() -> int:
    """Nanoseconds that go on in a sleep: on macOS `time.monotonic` would not."""
    if platform.system() == "Darwin":
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return time.monotonic_ns()
