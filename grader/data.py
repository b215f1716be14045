"""The data sets, or what stands in for them.

`mnist` and `shakespeare` look into the folder GRADER_DATA, then into the cache, then take what
ships with scikit-learn and with Python. They never use the network: `download` fills the cache.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader.datafiles import FILES, Found, Name, contents, download, find
from grader.model import UsageError

__all__ = [
    "Images",
    "Name",
    "Row",
    "Text",
    "digits",
    "download",
    "mnist",
    "parse_idx",
    "shakespeare",
    "status",
]

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


def mnist() -> Images:
    """MNIST (60,000 train, 10,000 test, 28x28), or digits (1,300 train, 497 test, 8x8).

    Raises: UsageError where files are there but wrong or incomplete: never a silent stand-in.
    """
    return _mnist(find("mnist"))


def shakespeare() -> Text:
    """Tiny Shakespeare (1,115,394 characters, 65 symbols), or the help texts of this Python.

    The help texts differ between versions of Python, so compute baselines when grading.
    Raises: UsageError where the file is there but wrong: never a silent stand-in.
    """
    return _shakespeare(find("shakespeare"))


@lru_cache(maxsize=1)
def digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits: x (1797, 64) float32 from 0 to 1, y (1797,) int64, never MNIST.

    In the order of scikit-learn, where neighbours share a writer: shuffle before you split. The
    tensors are shared by all callers: clone before changing them.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return torch.from_numpy(found.data / 16).float(), torch.from_numpy(found.target).long()


def drawn_digits(g: torch.Generator) -> tuple[Tensor, Tensor]:
    """The digits in a drawn order, their 64 pixels in drawn places, alike in all images.

    To linear layers that makes no difference; a network that was made elsewhere is lost.
    """
    x, y = digits()
    order, places = torch.randperm(len(x), generator=g), torch.randperm(64, generator=g)
    return x[order][:, places], y[order]


def status() -> tuple[Row, ...]:
    """One row per data set. Reads and verifies every file that is found."""
    return tuple(_row(name) for name in FILES)


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
    if 0 in shape or len(content) - start != prod(shape):
        raise UsageError(
            f"{where} announces {' x '.join(map(str, shape))} bytes, which does not fit the "
            f"{len(content) - start} bytes that follow; replace it with the original."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


@lru_cache(maxsize=2)
def _mnist(found: Found | None) -> Images:
    if found is None:
        return _images(_digits(), "scikit-learn digits", STAND_IN["mnist"], is_fallback=True)
    arrays = tuple(
        parse_idx(content, 1 if "idx1" in file.path else 3, f"{found.place}/{file.path}")
        for (file, _), content in zip(found.files, contents("mnist", found), strict=True)
    )
    return _images(arrays, "MNIST", _source("MNIST", found), is_fallback=False)


@lru_cache(maxsize=2)
def _shakespeare(found: Found | None) -> Text:
    if found is None:
        content, name, source = _help_texts(), "Python help texts", STAND_IN["shakespeare"]
    else:
        (content,) = contents("shakespeare", found)
        name, source = "Tiny Shakespeare", _source("Tiny Shakespeare", found)
    return Text(content.decode(), name, source, found is None, sha256(content).hexdigest())


def _source(title: str, found: Found) -> str:
    return f"{title}, downloaded" if found.place == "cache" else f"{title} from {found.place}"


def _images(
    arrays: tuple[NDArray[np.uint8], ...], name: str, source: str, is_fallback: bool
) -> Images:
    digest = sha256()
    for array in arrays:
        digest.update(array.data)
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
        if found := find(name):
            where = found.place
            size = sum(path.stat().st_size for _, path in found.files)
            contents(name, found)
    except UsageError as error:
        problem = str(error)
    return Row(name, where, size, bool(where) and not problem, STAND_IN[name], problem)
