"""Zip archives of others: listed and read in memory, never extracted.

What an archive can do to its reader is bounded: its list of names, their number, the bytes of each
file that is read. A name is only ever compared.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from grader.model import UsageError

MOST_FILES = 10_000
MOST_NAMES = 4 << 20
"""Bytes of the list at an archive's end."""
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The only methods of which zipfile unpacks no more than it was asked for."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError),
    *(NotImplementedError, OverflowError, MemoryError),
)


class _Bounded(FileIO):
    """A file of which no large piece is read at once, whatever it says, until it is listed."""

    listed = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.listed and size is not None and size > MOST_NAMES:
            raise zipfile.BadZipFile("its list of files is too large")
        return super().read(MOST_NAMES if size is None or size < 0 else size) or b""


def names(path: Path) -> list[str]:
    """The files in an archive, with `/` between folders. Raises: UsageError if it is broken."""
    with _opened(path) as archive:
        return [each.filename for each in archive.infolist() if not each.is_dir()]


def read(path: Path, member: str, most: int) -> bytes:
    """One file of an archive. Raises: UsageError if it is no plain file of at most `most` bytes."""
    with _opened(path) as archive:
        info = archive.getinfo(member)
        name = f"{member.replace(chr(92), '/').rpartition('/')[2]} in {path.name}"
        if info.flag_bits & 1:
            raise UsageError(f"{name} is encrypted; hand it in without a password.")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise UsageError(f"{name} is a link; hand in the file itself.")
        if info.compress_type not in BOUNDED:
            raise UsageError(f"{name} is packed in an unusual way; pack it as an ordinary zip.")
        with archive.open(info) as file:
            content = file.read(most + 1)
    if len(content) > most:
        raise UsageError(f"{name} unpacks to more than {most >> 20} MB, which is not graded.")
    return content


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with _Bounded(path) as raw, zipfile.ZipFile(raw) as archive:
            raw.listed = True
            if len(archive.filelist) > MOST_FILES:
                raise UsageError(f"{path.name} holds more than {MOST_FILES:,} files; pack fewer.")
            yield archive
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    except BROKEN as error:
        raise UsageError(f"{path.name} is no whole zip archive ({error}); pack it anew.") from None
