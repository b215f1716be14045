"""The files of a part, read from a folder that somebody is working in, and may not be kind."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from grader.sitting.state import Refused

MAX_FILE = 1 << 20
MAX_TOTAL = 8 << 20
MAX_FILES = 256
TRIES = 5
FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def collect(root: Path, patterns: Sequence[str]) -> dict[str, bytes]:
    """Every regular file below `root` that a pattern such as `diagnose/*.py` allows.

    A star stands for part of one name, and never for a leading dot. A file that is saved while
    it is read is read again.
    Raises: Refused for a link, a file that is not regular, or too much of anything.
    """
    found: dict[str, bytes] = {}
    try:
        for pattern in patterns:
            with _opened(str(root), None, ".", os.O_DIRECTORY) as top:
                for path, content in _matches(top, pattern.split("/"), ""):
                    found[path] = content
                    if len(found) > MAX_FILES or sum(map(len, found.values())) > MAX_TOTAL:
                        raise Refused(
                            f"Nothing was saved: the files of {', '.join(patterns)} are more than"
                            f" {MAX_FILES}, or more than {MAX_TOTAL >> 20} MiB; remove some."
                        )
    except OSError as error:  # a folder that goes away, or a disk that fails
        raise Refused(f"Nothing was saved: {error.strerror}; save again.") from None
    return found


def _matches(folder: int, pattern: Sequence[str], above: str) -> Iterator[tuple[str, bytes]]:
    first, *rest = pattern
    for name in sorted(os.listdir(folder)):
        if not fnmatchcase(name, first) or (name[0] == "." and first[0] != "."):
            continue
        path = above + name
        if rest:
            with _opened(name, folder, path, os.O_DIRECTORY | NO_LINK) as below:
                yield from _matches(below, rest, path + "/")
        elif (content := _read(name, folder, path)) is not None:
            yield path, content


def _read(name: str, folder: int, path: str) -> bytes | None:
    """A whole file, as it was at one moment unless it never rests; None where it went away."""
    content = None
    for _ in range(TRIES):
        try:
            with _opened(name, folder, path, NO_LINK | os.O_NONBLOCK) as file:
                before = os.fstat(file)
                if not stat.S_ISREG(before.st_mode):
                    raise Refused(f"Nothing was saved: {path} is not a plain file; replace it.")
                if before.st_size > MAX_FILE:
                    raise Refused(f"Nothing was saved: {path} is larger than 1 MiB; shorten it.")
                content = _bytes(file, before.st_size)
            after = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:  # some editors remove a file before they write it anew
            continue
        if _mark(before) == _mark(after) and len(content) == before.st_size:
            break
    return content


def _bytes(file: int, size: int) -> bytes:
    """At most so many bytes: a file may grow faster than it is read."""
    content = bytearray()
    while len(content) < size and (chunk := os.read(file, size - len(content))):
        content += chunk
    return bytes(content)


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@contextmanager
def _opened(name: str, folder: int | None, path: str, flags: int) -> Iterator[int]:
    try:
        path.encode()
        file = os.open(name, FLAGS | flags, dir_fd=folder)
    except FileNotFoundError:
        raise
    except UnicodeEncodeError:
        raise Refused("Nothing was saved: a file name is not UTF-8; rename the file.") from None
    except OSError as error:
        linked = error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}
        why = "is a link, or not of its kind" if linked else f"cannot be read: {error.strerror}"
        raise Refused(f"Nothing was saved: {path} {why}; put the file itself there.") from None
    try:
        yield file
    finally:
        os.close(file)
