"""Data sets of a few bytes under the real names: fixtures for the tests of data and datafiles."""

from __future__ import annotations

import gzip
import struct
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.datafiles import FILES, File
from grader.model import UsageError

PINNED = {name: tuple(files) for name, files in FILES.items()}
"""The real files, before a test puts small ones in their place."""


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def pin(path: str, content: bytes, *urls: str) -> File:
    return File(path, sha256(content).hexdigest(), len(content), urls)


RNG = np.random.RandomState(0)
ARRAYS = tuple(
    RNG.randint(0, high, shape, dtype=np.uint8)
    for high, shape in ((256, (5, 4, 3)), (10, 5), (256, (2, 4, 3)), (10, 2))
)
SMALL = {file.path: idx(array) for file, array in zip(PINNED["mnist"], ARRAYS, strict=True)}
SPEECH = b"First Citizen:\nBefore we proceed any further, hear me speak.\n"


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data but what the test puts there, and small files in place of the pinned ones."""
    for variable in ("GRADER_DATA", "GRADER_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GRADER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(
        FILES, "mnist", tuple(pin(path, content) for path, content in SMALL.items())
    )
    monkeypatch.setitem(FILES, "shakespeare", (pin("text/tinyshakespeare.txt", SPEECH),))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that GRADER_DATA names, with both small data sets in it."""
    folder = tmp_path / "given"
    for path, content in SMALL.items():
        write(folder / f"{path}.gz", gzip.compress(content))
    write(folder / "text/tinyshakespeare.txt", SPEECH)
    monkeypatch.setenv("GRADER_DATA", str(folder))
    return folder


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def refusal(call: Any, *args: Any) -> str:
    """The sentence of the UsageError that the call raises: one line, no path of this machine."""
    with pytest.raises(UsageError) as caught:
        call(*args)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and "/tmp" not in sentence
    return sentence
