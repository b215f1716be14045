"""The files of the data sets: pinned content, the places where they lie, and the mirrors.

    folder/mnist/train-images-idx3-ubyte       each file plain, or gzipped with `.gz` behind it
    folder/text/tinyshakespeare.txt

A file counts only when the sha256 of its unpacked content is the pinned one; containers differ
between mirrors. Whatever a file or a mirror holds, no more than its pinned size and SLACK is read.
"""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import platformdirs
import pooch

from grader.model import UsageError

Name = Literal["mnist", "shakespeare"]

GZIP_MAGIC = b"\x1f\x8b"
SLACK = 1 << 16
"""Bytes by which a gzip container may be larger than its content."""
TIMEOUT_S = 30
"""Longest silence of a mirror, in seconds."""


@dataclass(frozen=True)
class File:
    """One file of a data set; sha256 and size (bytes) are those of the unpacked content."""

    path: str
    sha256: str
    size: int
    urls: tuple[str, ...]


MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "http://yann.lecun.com/exdb/mnist",
)


def _idx_file(name: str, digest: str, size: int) -> File:
    return File(f"mnist/{name}", digest, size, tuple(f"{url}/{name}.gz" for url in MNIST_MIRRORS))


FILES: dict[Name, tuple[File, ...]] = {
    "mnist": (
        _idx_file(
            "train-images-idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            47_040_016,
        ),
        _idx_file(
            "train-labels-idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            60_008,
        ),
        _idx_file(
            "t10k-images-idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            7_840_016,
        ),
        _idx_file(
            "t10k-labels-idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            10_008,
        ),
    ),
    "shakespeare": (
        File(
            "text/tinyshakespeare.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            1_115_394,
            (
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
                "https://raw.githubusercontent.com/jcjohnson/torch-rnn/master/data/tiny-shakespeare.txt",
            ),
        ),
    ),
}


class Found(NamedTuple):
    """A complete data set on disk, not yet verified."""

    place: str
    files: tuple[tuple[File, Path], ...]


def cache() -> Path:
    """The folder for what is downloaded or made here; it need not exist."""
    home = os.environ.get("GRADER_HOME") or platformdirs.user_cache_dir("torch-grader", False)
    return Path(home) / "data"


def _places() -> Iterator[tuple[str, Path]]:
    if given := os.environ.get("GRADER_DATA"):
        # A folder that may not be entered would look empty.
        if not (os.access(given, os.R_OK | os.X_OK) and Path(given).is_dir()):
            raise UsageError(
                "GRADER_DATA does not name a folder that can be read; "
                "set it to one that holds mnist/ or text/, or unset it."
            )
        yield "GRADER_DATA", Path(given).absolute()
    yield "cache", cache().absolute()


def find(name: Name) -> Found | None:
    """The first place that holds any file of the data set; UsageError if it lacks others."""
    for place, folder in _places():
        try:
            paths = {file: _plain_or_gzipped(folder / file.path) for file in FILES[name]}
        except OSError as error:
            raise UsageError(
                f"{place} cannot be read ({error.strerror}); {_next_step(name, place)}."
            ) from None
        files = tuple((file, path) for file, path in paths.items() if path)
        if len(files) == len(paths):
            return Found(place, files)
        if files:
            lacking = next(file.path for file, path in paths.items() if not path)
            raise UsageError(
                f"{place} holds only a part of {name}: {lacking} is not there; "
                f"{_next_step(name, place)}."
            )
    return None


def _plain_or_gzipped(path: Path) -> Path | None:
    gzipped = path.with_name(path.name + ".gz")
    return next((each for each in (path, gzipped) if each.is_file()), None)


def _next_step(name: Name, place: str) -> str:
    if place == "cache":
        return f"fetch it with `grade data {name}`"
    return f"put the original there, or take {name} out of that folder"


def contents(name: Name, found: Found) -> tuple[bytes, ...]:
    """The verified, unpacked content of each file; UsageError where one is not the original."""
    return tuple(_content(name, found.place, file, path) for file, path in found.files)


def _content(name: Name, place: str, file: File, path: Path) -> bytes:
    try:
        return _read(path, file)
    except ValueError as error:
        raise UsageError(f"{place}/{file.path}: {error}; {_next_step(name, place)}.") from None


def _read(path: Path, file: File) -> bytes:
    """The verified content of a local file; ValueError with a phrase that says what is wrong."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(file.size + SLACK)
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from None
    return _unpacked(raw, file)


def _unpacked(raw: bytes, file: File) -> bytes:
    # By content, not by name: some servers unpack a .gz on the way.
    content = _gunzip(raw, file.size) if raw.startswith(GZIP_MAGIC) else raw
    if len(content) != file.size:
        held = f"more than {file.size}" if len(content) > file.size else len(content)
        raise ValueError(f"it holds {held} bytes, expected {file.size}")
    if sha256(content).hexdigest() != file.sha256:
        raise ValueError("its content does not have the expected checksum")
    return content


def _gunzip(raw: bytes, size: int) -> bytes:
    """At most size + 1 bytes, however much is packed into `raw`."""
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(raw)).read(size + 1)
    except (OSError, EOFError, zlib.error):
        raise ValueError("its gzip data is damaged") from None


def download(name: Name, progress: Callable[[str], None] = lambda line: None) -> Path:
    """Fetch what the cache lacks of a data set; return its folder in the cache.

    `progress` receives one line per file and mirror. Nothing is written before all files are
    verified. Raises: UsageError when GRADER_OFFLINE is set, no mirror has the file, or the
    cache cannot be written.
    """
    if os.environ.get("GRADER_OFFLINE", "0") not in ("", "0"):
        raise UsageError(
            f"GRADER_OFFLINE is set, so {name} is not downloaded; "
            "unset it, or set GRADER_DATA to a folder that holds the files."
        )
    folder = cache()
    missing = [file for file in FILES[name] if not _intact(folder / file.path, file)]
    fetched = {file: _fetch(file, progress) for file in missing}
    try:
        _store(folder, fetched)
    except OSError as error:
        raise UsageError(
            f"The cache cannot be written ({error.strerror}); "
            "set GRADER_HOME to a folder that you may write to."
        ) from None
    return (folder / FILES[name][0].path).parent


class _Body(io.BytesIO):
    """What a mirror sends, kept in memory up to a limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, chunk: Any) -> int:
        if self.tell() + len(chunk) > self.limit:
            raise ValueError(f"it sends more than {self.limit} bytes")
        return super().write(chunk)


def _fetch(file: File, progress: Callable[[str], None]) -> bytes:
    """The verified content of `file` from the first mirror that has it."""
    failures = []
    for url in file.urls:
        mirror = urlsplit(url).netloc
        progress(f"{file.path} from {mirror}")
        body = _Body(file.size + SLACK)
        try:
            pooch.HTTPDownloader(timeout=TIMEOUT_S)(url, body, None)
            return _unpacked(body.getvalue(), file)
        except (OSError, ValueError) as error:
            failures.append(f"{mirror} ({_reason(error)})")
    raise UsageError(
        f"No mirror gave {file.path}: {', '.join(failures)}; try again later, or put the file "
        f"at {file.path} in a folder of yours and set GRADER_DATA to that folder."
    )


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    answer = getattr(error, "response", None)
    return "no answer" if answer is None else f"HTTP {answer.status_code}"


def _store(folder: Path, fetched: dict[File, bytes]) -> None:
    """Write plain files under their names, each one whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as staging:
        for file, content in fetched.items():
            target = folder / file.path
            target.parent.mkdir(exist_ok=True)
            whole = Path(staging, target.name)
            whole.write_bytes(content)
            whole.replace(target)


def _intact(path: Path, file: File) -> bool:
    try:
        return bool(_read(path, file))
    except ValueError:
        return False
