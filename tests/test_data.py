from __future__ import annotations

import gzip
import os
import struct
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import small_data
import torch
from small_data import ARRAYS, PINNED, SMALL, SPEECH, idx, pin, refusal, write

from grader import data, datafiles
from grader.datafiles import FILES

no_data, given = small_data.no_data, small_data.given  # fixtures
pytestmark = pytest.mark.usefixtures("no_data")

DIGITS = "f4ffb169ccb171b378fb06ee2053ff259d97b2f1dd2925c57bbe243c54458edd"
"""sha256 of the stand-in's images and labels, the same on every machine."""


# Where data are found


@pytest.mark.parametrize("gzipped", [True, False])
def test_idx_files_come_back_as_the_arrays_that_were_written(given: Path, gzipped: bool):
    if not gzipped:
        for path, content in SMALL.items():
            (given / f"{path}.gz").unlink()
            write(given / path, content)
    images = data.mnist()
    assert images.train_x.shape == (5, 1, 4, 3) and images.train_x.dtype == torch.uint8
    assert images.test_y.shape == (2,) and images.test_y.dtype == torch.int64
    for tensor, array in zip(
        (images.train_x[:, 0], images.train_y, images.test_x[:, 0], images.test_y),
        ARRAYS,
        strict=True,
    ):
        assert np.array_equal(tensor.numpy(), array)
    assert (images.name, images.source, images.is_fallback) == (
        "MNIST",
        "MNIST from GRADER_DATA",
        False,
    )
    assert images.sha256 == sha256(b"".join(a.tobytes() for a in ARRAYS)).hexdigest()


def test_the_text_keeps_every_byte_and_says_where_it_is_from(given: Path):
    text = data.shakespeare()
    assert text.text.encode() == SPEECH
    assert text.source == "Tiny Shakespeare from GRADER_DATA" and not text.is_fallback
    assert text.sha256 == sha256(SPEECH).hexdigest()


def test_grader_data_goes_before_the_cache_and_the_cache_before_the_stand_in(
    given: Path, tmp_path: Path
):
    write(tmp_path / "home/data/text/tinyshakespeare.txt", SPEECH)
    assert data.shakespeare().source == "Tiny Shakespeare from GRADER_DATA"
    (given / "text/tinyshakespeare.txt").unlink()
    assert data.shakespeare().source == "Tiny Shakespeare, downloaded"
    (tmp_path / "home/data/text/tinyshakespeare.txt").unlink()
    assert data.shakespeare().source == "Python's help texts, not Tiny Shakespeare"


def test_loading_twice_gives_the_same_object_until_the_place_changes(
    given: Path, monkeypatch: pytest.MonkeyPatch
):
    assert data.mnist() is data.mnist()
    monkeypatch.delenv("GRADER_DATA")
    assert data.mnist().is_fallback


def test_without_a_home_of_ours_the_cache_of_the_system_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("GRADER_HOME")
    monkeypatch.setattr(datafiles.platformdirs, "user_cache_dir", lambda *_: str(tmp_path))
    write(tmp_path / "data/text/tinyshakespeare.txt", SPEECH)
    assert data.shakespeare().source == "Tiny Shakespeare, downloaded"


# What stands in


def test_digits_stand_in_for_mnist_the_same_everywhere():
    images = data.mnist()
    assert images.sha256 == DIGITS
    assert images.train_x.shape == (1300, 1, 8, 8) and images.test_x.shape == (497, 1, 8, 8)
    assert images.train_x.dtype == torch.uint8 and images.train_y.dtype == torch.int64
    assert images.train_x.min() == 0 and images.train_x.max() == 255
    assert sorted(images.test_y.unique().tolist()) == list(range(10))
    assert (images.name, images.source, images.is_fallback) == (
        "scikit-learn digits",
        "scikit-learn digits (8x8), not MNIST",
        True,
    )


def test_the_stand_in_holds_every_digit_image_once():
    from sklearn.datasets import load_digits

    images = data.mnist()
    ours = torch.cat([images.train_x, images.test_x])[:, 0].flatten(1)
    theirs = torch.from_numpy(load_digits().images).mul(255 / 16).round().to(torch.uint8).flatten(1)
    assert sorted(ours.tolist()) == sorted(theirs.tolist())


def test_digits_are_those_of_scikit_learn_whatever_is_installed():
    from sklearn.datasets import load_digits

    x, y = data.digits()
    assert (x.shape, x.dtype, y.shape, y.dtype) == (
        (1797, 64),
        torch.float32,
        (1797,),
        torch.int64,
    )
    assert (x.min(), x.max()) == (0, 1)
    assert torch.equal(x.double() * 16, torch.from_numpy(load_digits().data))
    assert y.tolist() == load_digits().target.tolist()


def test_drawn_digits_are_the_same_images_with_their_pixels_in_other_places():
    (x, y), (drawn, labels) = data.digits(), data.drawn_digits(torch.Generator().manual_seed(7))
    assert not torch.equal(labels, y) and torch.equal(labels.bincount(), y.bincount())
    assert torch.equal(drawn.sum(1).sort().values, x.sum(1).sort().values)
    columns = {tuple(each.tolist()) for each in x.sort(0).values.T}
    assert {tuple(each.tolist()) for each in drawn.sort(0).values.T} == columns
    assert not torch.equal(drawn.mean(0), x.mean(0)), "the pixels stay where they were"
    again = data.drawn_digits(torch.Generator().manual_seed(7))
    assert torch.equal(again[0], drawn) and torch.equal(again[1], labels)


def test_help_texts_stand_in_for_shakespeare():
    from pydoc_data.topics import topics

    text = data.shakespeare()
    assert text.is_fallback and text.name == "Python help texts"
    assert len(text.text) == sum(len(t) for t in topics.values()) + len(topics) - 1 > 300_000
    assert text.text.isascii() and len(set(text.text)) < 100
    assert text.text.startswith(topics[min(topics)][:40])


# idx files


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (idx(ARRAYS[0])[:-1], "announces 5 x 4 x 3 bytes, which does not fit the 59 bytes"),
        (idx(ARRAYS[0]) + b"0", "which does not fit the 61 bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "which does not fit the 0 bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, 0, 2**32 - 1, 2**32 - 1), "does not fit the 0 bytes"),
        (idx(ARRAYS[1]), "not an idx file of bytes with 3 axes"),
        (struct.pack(">HBB3I", 0, 13, 3, 1, 1, 1) + bytes(4), "not an idx file of bytes"),
        (b"PK\3\4" + bytes(100), "not an idx file of bytes"),
        (idx(ARRAYS[0])[:15], "not an idx file of bytes"),
        (b"", "not an idx file of bytes"),
    ],
    ids=["cut", "longer", "huge", "empty", "rank", "floats", "zip", "half a header", "nothing"],
)
def test_a_hostile_or_cut_idx_file_is_refused(content: bytes, complaint: str):
    assert complaint in refusal(data.parse_idx, content, 3, "GRADER_DATA/mnist/x")


def test_an_idx_file_is_checked_even_behind_a_matching_checksum(
    given: Path, monkeypatch: pytest.MonkeyPatch
):
    cut = SMALL["mnist/train-images-idx3-ubyte"][:-7]
    write(given / "mnist/train-images-idx3-ubyte.gz", gzip.compress(cut))
    files = (pin("mnist/train-images-idx3-ubyte", cut), *FILES["mnist"][1:])
    monkeypatch.setitem(FILES, "mnist", files)
    assert "GRADER_DATA/mnist/train-images-idx3-ubyte announces" in refusal(data.mnist)


# The table, and the real thing


def test_status_tells_where_each_data_set_is_and_what_stands_in(given: Path, tmp_path: Path):
    (given / "text/tinyshakespeare.txt").unlink()
    images, text = data.status()
    packed = sum((given / f"{path}.gz").stat().st_size for path in SMALL)
    assert images == data.Row(
        "mnist", "GRADER_DATA", packed, True, "scikit-learn digits (8x8), not MNIST"
    )
    assert text == data.Row(
        "shakespeare", "", 0, False, "Python's help texts, not Tiny Shakespeare"
    )
    write(given / "text/tinyshakespeare.txt", b"damaged")
    text = data.status()[1]
    assert (text.where, text.size, text.verified) == ("GRADER_DATA", 7, False)
    assert "it holds 7 bytes" in text.problem


def test_every_pinned_file_has_two_hosts_and_a_whole_digest():
    for file in (file for files in PINNED.values() for file in files):
        assert len({url.split("/")[2] for url in file.urls}) >= 2
        assert len(bytes.fromhex(file.sha256)) == 32
    images, labels, *tests = PINNED["mnist"]
    assert images.size == 16 + 60_000 * 28 * 28 and labels.size == 8 + 60_000
    assert [file.size for file in tests] == [16 + 10_000 * 28 * 28, 8 + 10_000]


REAL = os.environ.get("GRADER_DATA")


def test_the_real_files_are_accepted_or_stood_in_for(monkeypatch: pytest.MonkeyPatch):
    for name, files in PINNED.items():
        monkeypatch.setitem(FILES, name, files)
    if REAL:
        monkeypatch.setenv("GRADER_DATA", REAL)
    images, text = data.mnist(), data.shakespeare()
    if images.is_fallback:
        assert images.sha256 == DIGITS
    else:
        assert images.train_x.shape == (60_000, 1, 28, 28)
        assert images.test_y.bincount().tolist()[:3] == [980, 1135, 1032]
        assert round(images.train_x.float().mean().item() / 255, 4) == 0.1307
    assert (len(text.text), len(set(text.text))) == (1_115_394, 65) or text.is_fallback
    assert (images.is_fallback, text.is_fallback) == tuple(not row.where for row in data.status())
