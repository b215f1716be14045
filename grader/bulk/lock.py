"""One run at a time in a folder of results; the kernel opens the lock when a run ends or dies."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grader.model import GraderFault, UsageError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others out meanwhile. Raises: UsageError if another run is in; GraderFault.

    Where a file system knows no locks, nobody is kept out.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("ab+", buffering=0)  # none is left to be written at the end
    except OSError as error:
        reason = f"{folder.name} cannot be written: {error.strerror}"
        raise GraderFault(f"{reason}. Make it writable, or name another by -o.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(200).decode("utf-8", "replace").strip() or "another process"
            raise UsageError(
                f"another run is at work in {folder.name} ({who}); wait until it has ended, or"
                " name another folder."
            ) from None
        except OSError:
            yield
            return
        with suppress(OSError):  # a full disk; the lock holds without it
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        yield
        with suppress(OSError):
            file.truncate(0)
