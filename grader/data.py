"""Data sets: where they are found, what stands in for them, how they are fetched.

    folder/mnist/train-images-idx3-ubyte       each file plain, or gzipped with `.gz` behind it
    folder/text/tinyshakespeare.txt

`mnist` and `shakespeare` look into the folder GRADER_DATA, then into the cache, then take what
ships with scikit-learn and with Python; they never use the network. `download` fills the cache.
A file counts only when the sha256 of its unpacked content is the pinned one.
"""

from __future__ import annotations

import gzip
import io
import os
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import platformdirs
import pooch
import torch
from numpy.typing import NDArray
from torch import Tensor

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
STAND_IN: dict[Name, str] = {
    "mnist": "scikit-learn digits (8x8), not MNIST",
    "shakespeare": "Python's help texts, not Tiny Shakespeare",
}


@dataclass(frozen=True)
class Images:
    """Labelled grey images. The tensors are shared by all callers: clone before changing them."""

    train_x: Tensor
    """(N, 1, H, W) uint8, 0 is background and 255 is ink."""
    train_y: Tensor
    """(N,) int64, the digit 0..9."""
    test_x: Tensor
    test_y: Tensor
    name: str
    """`MNIST` or `scikit-learn digits`."""
    source: str
    """A phrase for the verdict."""
    is_fallback: bool
    sha256: str
    """Of the bytes of train images, train labels, test images, test labels, one byte each."""


@dataclass(frozen=True)
class Text:
    """A text to model."""

    text: str
    name: str
    source: str
    """A phrase for the verdict."""
    is_fallback: bool
    sha256: str
    """Of the text as UTF-8."""


@dataclass(frozen=True)
class Row:
    """What `grade data` says about one data set."""

    name: Name
    where: str
    """`GRADER_DATA`, `cache`, or empty where it was not found."""
    size: int
    """Bytes on disk."""
    verified: bool
    stand_in: str
    """What is used where the data set is not found."""
    problem: str = ""
    """Why grading with this data set would stop: one sentence with a next step."""


class Found(NamedTuple):
    """A complete data set on disk, not yet verified."""

    place: str
    files: tuple[tuple[File, Path], ...]


def mnist() -> Images:
    """MNIST (60,000 train, 10,000 test, 28x28), or digits (1,300 train, 497 test, 8x8).

    Raises: UsageError where files are there but wrong or incomplete: never a silent stand-in.
    """
    return _mnist(_find("mnist"))


def shakespeare() -> Text:
    """Tiny Shakespeare (1,115,394 characters, 65 symbols), or the help texts of this Python.

    The help texts differ between versions of Python, so compute baselines when grading.
    Raises: UsageError where the file is there but wrong: never a silent stand-in.
    """
    return _shakespeare(_find("shakespeare"))


def status() -> tuple[Row, ...]:
    """One row per data set. Reads and verifies every file that is found."""
    return tuple(_row(name) for name in FILES)


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
    cache = _cache()
    missing = [file for file in FILES[name] if not _intact(cache / file.path, file)]
    fetched = {file: _fetch(file, progress) for file in missing}
    try:
        _store(cache, fetched)
    except OSError as error:
        raise UsageError(
            f"The cache cannot be written ({error.strerror}); "
            "set GRADER_HOME to a folder that you may write to."
        ) from None
    return (cache / FILES[name][0].path).parent


def parse_idx(content: bytes, rank: int, where: str) -> NDArray[np.uint8]:
    """The array in an idx file of bytes: shape as its header says, dtype uint8, read-only.

    Raises: UsageError naming `where`, before anything is allocated, unless magic, rank and
    length all agree. Source of the format: LeCun, Cortes, Burges, "The MNIST database".
    """
    start = 4 + 4 * rank
    if len(content) < start or content[:4] != bytes((0, 0, 8, rank)):
        raise UsageError(
            f"{where} is not an idx file of bytes with {rank} axes; replace it with the original."
        )
    shape = struct.unpack_from(f">{rank}I", content, 4)
    if len(content) - start != prod(shape):
        raise UsageError(
            f"{where} announces {' x '.join(map(str, shape))} bytes but holds "
            f"{len(content) - start}; replace it with the original."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


@lru_cache(maxsize=2)
def _mnist(found: Found | None) -> Images:
    if found is None:
        return _images(_digits(), "scikit-learn digits", STAND_IN["mnist"], is_fallback=True)
    arrays = tuple(
        parse_idx(content, 1 if "idx1" in file.path else 3, f"{found.place}/{file.path}")
        for (file, _), content in zip(found.files, _contents("mnist", found), strict=True)
    )
    return _images(arrays, "MNIST", _source("MNIST", found), is_fallback=False)


@lru_cache(maxsize=2)
def _shakespeare(found: Found | None) -> Text:
    if found is None:
        content, name, source = _help_texts(), "Python help texts", STAND_IN["shakespeare"]
    else:
        (content,) = _contents("shakespeare", found)
        name, source = "Tiny Shakespeare", _source("Tiny Shakespeare", found)
    return Text(content.decode(), name, source, found is None, sha256(content).hexdigest())


def _source(title: str, found: Found) -> str:
    return f"{title}, downloaded" if found.place == "cache" else f"{title} from {found.place}"


def _images(
    arrays: tuple[NDArray[np.uint8], ...], name: str, source: str, is_fallback: bool
) -> Images:
    digest = sha256()
    for array in arrays:
        digest.update(array)
    train_x, train_y, test_x, test_y = (torch.from_numpy(array.copy()) for array in arrays)
    return Images(
        train_x[:, None],
        train_y.long(),
        test_x[:, None],
        test_y.long(),
        name,
        source,
        is_fallback,
        digest.hexdigest(),
    )


def _digits() -> tuple[NDArray[np.uint8], ...]:
    """Train images, train labels, test images, test labels of scikit-learn's digits."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    # RandomState and not default_rng: only its stream is the same in every version of numpy.
    order = np.random.RandomState(0).permutation(len(images))
    train, test = order[:1300], order[1300:]
    return images[train], labels[train], images[test], labels[test]


def _help_texts() -> bytes:
    from pydoc_data.topics import topics

    return "\n".join(topics[key] for key in sorted(topics)).encode("ascii", "replace")


def _row(name: Name) -> Row:
    where, size, problem = "", 0, ""
    try:
        if found := _find(name):
            where = found.place
            size = sum(path.stat().st_size for _, path in found.files)
            for _ in _contents(name, found):
                pass
    except UsageError as error:
        problem = str(error)
    return Row(name, where, size, bool(where) and not problem, STAND_IN[name], problem)


def _cache() -> Path:
    home = os.environ.get("GRADER_HOME") or platformdirs.user_cache_dir("torch-grader", False)
    return Path(home) / "data"


def _places() -> Iterator[tuple[str, Path]]:
    if given := os.environ.get("GRADER_DATA"):
        if not Path(given).is_dir():
            raise UsageError(
                "GRADER_DATA does not name a folder; "
                "set it to a folder that holds mnist/ or text/, or unset it."
            )
        yield "GRADER_DATA", Path(given)
    yield "cache", _cache()


def _find(name: Name) -> Found | None:
    """The first place that holds any file of the data set; UsageError if it lacks others."""
    for place, folder in _places():
        paths = {file: _plain_or_gzipped(folder / file.path) for file in FILES[name]}
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


def _contents(name: Name, found: Found) -> Iterator[bytes]:
    """The verified, unpacked content of each file."""
    for file, path in found.files:
        try:
            yield _read(path, file)
        except ValueError as error:
            raise UsageError(
                f"{found.place}/{file.path}: {error}; {_next_step(name, found.place)}."
            ) from None


def _intact(path: Path, file: File) -> bool:
    try:
        return bool(_read(path, file))
    except ValueError:
        return False


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


def _store(cache: Path, fetched: dict[File, bytes]) -> None:
    """Write plain files under their names, each one whole or not at all."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as staging:
        for file, content in fetched.items():
            target = cache / file.path
            target.parent.mkdir(exist_ok=True)
            whole = Path(staging, target.name)
            whole.write_bytes(content)
            whole.replace(target)
