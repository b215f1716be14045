from __future__ import annotations

import json
import zlib
from base64 import b64encode

import pytest
from sample_sitting import KEY, Desk

from grader.sitting import Refused, bundle, rules

CONTENT = zlib.compress(b"another file")
OTHER = {
    "key": b64encode(bytes(32)).decode(),
    "body": b64encode(b"{}").decode(),
    "hash": "0" * 64,
    "mac": "0" * 64,
    "sha": "0" * 64,
    "z": b64encode(CONTENT).decode(),
}


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "desk")
    desk.sitting.open("build")
    for text in ("one", "two ü"):
        desk.write(text)
        desk.sitting.snapshot("build")
    desk.sitting.submit("build")
    return desk


@pytest.fixture
def handed_in(desk, tmp_path):
    path = tmp_path / "ada.bundle"
    bundle.write(desk.sitting.log, path)
    return path


def test_a_bundle_becomes_the_same_log_again(desk, handed_in, tmp_path):
    held = bundle.read(handed_in, tmp_path / "again.sqlite3")
    assert held.contents() == desk.sitting.log.contents()
    assert held.verify(KEY) == []
    assert rules.fold(held.new()) == desk.sitting.state
    assert (
        held.blob(*desk.sitting.state.part("build").submitted.manifest.values()) == "two ü".encode()
    )


def test_a_log_that_was_taken_in_still_refuses_changes(handed_in, tmp_path):
    held = bundle.read(handed_in, tmp_path / "again.sqlite3")
    with pytest.raises(Exception, match="never changed"):
        held._db.execute("UPDATE events SET mac = ''")


def test_what_was_changed_in_a_bundle_is_found(handed_in, tmp_path):
    lines = handed_in.read_text().splitlines()
    for n, line in enumerate(lines):
        for number, changed in enumerate(changes(json.loads(line))):
            path = tmp_path / f"{n}-{number}.bundle"
            path.write_text("\n".join([*lines[:n], *changed, *lines[n + 1 :]]) + "\n")
            try:
                held = bundle.read(path, path.with_suffix(".sqlite3"))
            except Refused:
                continue
            assert held.verify(KEY), line[:60]
            held.close()


def changes(fields):
    """A line left out, and each of its values changed."""
    yield []
    for name, value in fields.items():
        other = value + 1 if isinstance(value, int) else OTHER[name]
        assert other != value
        yield [json.dumps({**fields, name: other})]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\n",
        b"[]\n",
        b"null\n",
        b'{"bundle":2,"number":0,"key":""}\n',
        b'{"bundle":1,"number":-1,"key":""}\n',
        b'{"bundle":1,"number":0,"key":"?"}\n',
        b'{"bundle":1,"number":0,"key":""}\n{"seq":1}\n',
        b'{"bundle":1,"number":0,"key":""}\n{"seq":true,"body":"","hash":"","mac":""}\n',
        b'{"bundle":1,"number":0,"key":""}\n{"seq":1,"body":7,"hash":"","mac":""}\n',
        b'{"bundle":1,"number":0,"key":""}\n{"seq":1,"body":"","hash":"","mac":"","x":1}\n',
        b'{"bundle":1,"number":0,"key":""}\n' + b"[" * 100_000,
        b"SQLite format 3\x00" + bytes(4096),
    ],
)
def test_what_is_no_bundle_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "a.bundle").write_bytes(content)
    with pytest.raises(Refused, match=r"a\.bundle is not a whole bundle"):
        bundle.read(tmp_path / "a.bundle", tmp_path / "a.sqlite3")
    assert not (tmp_path / "a.sqlite3").exists()


def test_a_bundle_that_is_too_large_is_refused(tmp_path, handed_in, monkeypatch):
    monkeypatch.setattr(bundle, "MAX_BUNDLE", 1000)
    with pytest.raises(Refused, match="whole bundle"):
        bundle.read(handed_in, tmp_path / "a.sqlite3")


def test_nothing_is_written_over(desk, handed_in):
    with pytest.raises(Refused, match="another name"):
        bundle.write(desk.sitting.log, handed_in)
    with pytest.raises(Refused, match="created once"):
        bundle.read(handed_in, desk.path)
    assert desk.sitting.log.verify(KEY) == []
