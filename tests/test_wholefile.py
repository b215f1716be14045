"""A file is whole from the moment it can be seen, and what is there is only replaced on purpose."""

from __future__ import annotations

import errno
import os

import pytest

from grader.wholefile import replace, write_new


def full_disk(_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_there_is_replaced_at_once(tmp_path):
    path = tmp_path / "deep/er/report.html"
    replace(path, b"old")
    with path.open("rb") as reader:
        replace(path, b"new, and longer")
        assert reader.read() == b"old", "who reads it goes on reading the old one"
    assert path.read_bytes() == b"new, and longer"
    assert [*path.parent.iterdir()] == [path]


def test_a_new_file_never_takes_the_place_of_another(tmp_path):
    path = tmp_path / "record.json"
    write_new(path, "first: \u00e9")
    with pytest.raises(FileExistsError):
        write_new(path, "another")
    assert path.read_text("utf-8") == "first: \u00e9"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("write", [replace, write_new])
def test_on_a_full_disk_nothing_is_left_and_nothing_is_lost(monkeypatch, tmp_path, write):
    path = tmp_path / "record.json"
    there = b"old" if write is replace else None
    if there:
        path.write_bytes(there)
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write(path, b"new" if write is replace else "new")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([there] if there else [])


def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        replace(tmp_path / "file/report.html", b"new")
