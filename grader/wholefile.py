"""Files that are whole from the moment they can be seen: nobody reads half of one.

What is written is flushed to the disk before it gets its name, so that this holds after a loss of
power as well. Nothing of ours is left beside it, however it ends, but for a process that is killed.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put a file there, in place of the one that is there. Raises: OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(beside, content, "wb")
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink()


def write_new(path: Path, text: str) -> None:
    """Put a file where none is. Raises: OSError, also if one is there."""
    beside = path.with_name(f".{path.stem}.tmp")
    try:
        _write(beside, text.encode(), "xb")
        _name(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _write(path: Path, content: bytes, mode: str) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _name(beside: Path, path: Path) -> None:
    """Link, because a rename would replace what is there; rename where links are unknown."""
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}:
            raise
        beside.rename(path)


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems have no folders to flush
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
