"""Whose log is it, and is it the one that was written?"""

from __future__ import annotations

import json
import shutil
import zlib

import pytest
from sample_exam import EXAM, KEY, fake_forms

from grader.exam import classroom, evidence, place
from grader.exam.evidence import examine, opened, read_key
from grader.model import Refused, UsageError
from grader.sitting import Log, ManualClock, bundle, chain, log
from grader.sitting.log import Contents


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)
    fake_forms(monkeypatch)
    (tmp_path / "r.csv").write_text("learner\nada\nbob\n")
    return classroom.create(tmp_path / "autumn", EXAM, tmp_path / "r.csv", "own")


@pytest.fixture
def sat(room, tmp_path):
    """Ada's folder after a part."""
    made = place.start(room.ticket("ada", EXAM), tmp_path, ManualClock())
    sitting = made.sitting(ManualClock())
    sitting.open("build")
    (made.folder / "build.py").write_text("x = 1\n")
    sitting.submit("build")
    return made


def examined(path, *given):
    with opened(path) as log:
        return examine(log, *given)


def test_an_untouched_sitting_is_sound_as_folder_log_and_bundle(sat, room):
    bundle.write(Log(sat.log), sat.folder / "ada.bundle")
    for path in (sat.folder, sat.log, sat.folder / "ada.bundle"):
        found = examined(path, room)
        assert found.problems == () and found.told[-1].state.learner == "ada"


def test_each_event_that_is_changed_taken_or_added_is_found(sat, room):
    held = Log(sat.log).contents()
    rows = list(held.rows)
    changes = {
        "changed": [*rows[:2], rows[2]._replace(body=rows[2].body.replace(b"build", b"built"))],
        "taken out": [rows[0], *rows[2:]],
        "cut off": rows[:-1],
        "swapped": [rows[0], rows[2]._replace(seq=2), rows[1]._replace(seq=3), *rows[3:]],
    }
    for what, those in changes.items():
        path = sat.folder / f"{what}.db"
        Log.create(path, Contents(those, held.blobs, held.seal)).close()
        finding = examine(Log(path), room)
        assert finding.problems, what


def test_a_file_that_is_exchanged_is_found(sat, room):
    held = Log(sat.log).contents()
    other = {sha: zlib.compress(b"x = 2\n") for sha in held.blobs}
    path = sat.folder / "other.db"
    Log.create(path, Contents(held.rows, other, held.seal)).close()
    assert any("missing or changed" in each for each in examine(Log(path), room).problems)


def test_a_log_written_anew_needs_the_key_to_be_found(sat, room, tmp_path):
    """Hashes are right, seals are not."""
    ticket = room.ticket("ada", EXAM).model_copy(update={"key": KEY})
    forged = place.start(ticket, tmp_path / "autumn", ManualClock())
    assert examined(forged.log).problems == ()
    problems = examined(forged.log, room).problems
    assert any("its seal is not the one that was put on it" in each for each in problems)


def test_an_own_exam_more_time_or_another_seed_is_found(room, tmp_path):
    ticket = room.ticket("ada", EXAM)
    text = ticket.definition.replace(b"1200", b"9999")
    for name, changes in {
        "parts": {"definition": text, "sha256": chain.digest(text)},
        "seed": {"seed": 1},
        "ticket": {"number": "other"},
        "level": {"level": "server"},
        "accommodation": {"accommodation": classroom.Accommodation(factor=2)},
    }.items():
        here = tmp_path / name
        here.mkdir()
        forged = place.start(ticket.model_copy(update=changes), here, ManualClock())
        problems = examined(forged.log, room).problems
        assert f"Event 1: its {name} is not what ada was given." in problems


def test_somebody_of_another_class_is_told(room, tmp_path):
    ticket = room.ticket("ada", EXAM).model_copy(update={"learner": "eve"})
    forged = place.start(ticket, tmp_path, ManualClock())
    assert "no learner `eve` in this class" in examined(forged.log, room).problems[0]


def test_a_code_noted_outside_finds_an_older_log_that_was_put_back(sat, room):
    shutil.copy(sat.log, old := sat.folder / "old.db")
    sitting = sat.sitting(ManualClock())
    sitting.beat()
    noted = sitting.note(sitting.anchor.code, "Dr Hill")
    room.note("ada", noted.seq, noted.code)
    found = examined(sat.log, room)
    assert found.problems == () and found.codes == 1
    problems = examine(Log(old), room).problems
    assert problems == (
        f"Event {noted.seq}: its code is not {noted.code}, which was noted at the time.",
    )


def test_a_code_that_no_event_has_is_refused(sat):
    with pytest.raises(Refused, match="No event of this sitting has the code 00000000"):
        sat.sitting(ManualClock()).note("00000000", "Dr Hill")
    with pytest.raises(Refused, match="Say who"):
        sitting = sat.sitting(ManualClock())
        sitting.note(sitting.anchor.code, " ")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 99, b'{"bundle":1}\n', b"[" * 9999])
def test_a_file_that_is_no_bundle_is_told(tmp_path, content):
    (tmp_path / "a.bundle").write_bytes(content)
    with pytest.raises(Refused, match=r"a\.bundle is not a whole bundle; ask for it again"):
        examined(tmp_path / "a.bundle")


def test_no_file_and_a_plain_folder_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file a\.bundle"):
        examined(tmp_path / "a.bundle")
    with pytest.raises(UsageError, match="is no sitting"):
        examined(tmp_path)


def test_a_key_is_read_from_the_class_or_in_hexadecimal(room, tmp_path):
    one = room.candidate("ada")
    assert read_key(room.folder / "candidates/ada.json").hex() == one.key
    (tmp_path / "k0").write_text(one.key + "\n")
    assert read_key(tmp_path / "k0").hex() == one.key


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"{}", b"\xff", b"ab" * 31, json.dumps([1]).encode()]
)
def test_a_file_without_a_key_is_told(tmp_path, content):
    (tmp_path / "k0").write_bytes(content)
    with pytest.raises(UsageError, match=r"k0 holds no key; name candidates/LEARNER\.json"):
        evidence.read_key(tmp_path / "k0")
    with pytest.raises(UsageError, match="cannot be read"):
        read_key(tmp_path / "none")
