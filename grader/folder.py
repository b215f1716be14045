"""A submission that is a folder: packed, it is hashed, handed on and kept as any other file.

Hidden files and `__pycache__` are left out, and links are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from grader.documents import read_yaml
from grader.model import Submission, UsageError

MOST_FILES = 200
MOST_BYTES = 8 << 20
"""Of all files together."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of path -> content; the same files give the same bytes."""
    whole = BytesIO()
    with ZipFile(whole, "w") as archive:
        for name in sorted(files):
            archive.writestr(ZipInfo(name), files[name], ZIP_DEFLATED)
    return whole.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """The files that `pack` was given; an archive of anybody else is not for it."""
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read(path: Path) -> Submission:
    """A folder as a submission, read once. Raises: UsageError if it is none, or too large."""
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    if not path.is_dir():
        raise UsageError(f"there is no folder {path.name} here; check the name, or `grade list`.")
    try:
        for each in paths(path):
            name = each.relative_to(path).as_posix()
            if each.is_symlink() or not each.is_file():
                raise UsageError(f"{path.name}/{name} is no plain file; hand in the file itself.")
            with each.open("rb") as file:
                files[name] = file.read(left + 1)
            left -= len(files[name])
            if left < 0 or len(files) > MOST_FILES:
                raise UsageError(
                    f"{path.name} holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MB;"
                    " keep what was asked for."
                )
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    return packed(path.name, files)


def packed(name: str, files: Mapping[str, bytes]) -> Submission:
    """Files as a submission. Raises: UsageError where a name is none that can be packed."""
    try:
        return Submission(name=name, content=pack(files))
    except (UnicodeError, ValueError):
        raise UsageError(f"a file in {name} has a name that cannot be read; rename it.") from None


def paths(path: Path) -> Iterator[Path]:
    """What is handed in of a folder, in order; links to folders too, which `read` refuses."""
    for root, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if _is_shown(name))
        yield from (Path(root, name) for name in folders if Path(root, name).is_symlink())
        yield from (Path(root, name) for name in sorted(files) if _is_shown(name))


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__"


class Folder:
    """What a check sees of a folder that was handed in. Nothing in it is run; see `fresh`."""

    def __init__(self, submission: Submission) -> None:
        self._files = unpack(submission.content)

    @property
    def names(self) -> list[str]:
        """Paths of all files, sorted, with `/` between folders."""
        return sorted(self._files)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def content(self, name: str) -> bytes:
        """The bytes of a file. Raises: AssertionError for the learner where there is none."""
        if name not in self._files:
            raise AssertionError(f"there is no file {name} in your folder")
        return self._files[name]

    def text(self, name: str) -> str:
        """A file of text. Raises: AssertionError where there is none, or it is not UTF-8."""
        try:
            return self.content(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise AssertionError(f"{name} is not UTF-8; save it as UTF-8") from None

    def data(self, name: str) -> Any:
        """What a YAML file says. Raises: AssertionError where there is none, or it is no YAML."""
        try:
            return read_yaml(self.content(name), name)[0]
        except UsageError as error:
            raise AssertionError(str(error).rstrip(".")) from None
