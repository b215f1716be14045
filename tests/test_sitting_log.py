from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from sample_sitting import KEY, WHY, Desk

from grader.model import GraderFault
from grader.sitting import Log, ManualClock, Refused, chain
from grader.sitting.chain import Event, Row, Seal
from grader.sitting.log import Contents

ROOT = Path(__file__).parent.parent


@pytest.fixture
def desk(tmp_path):
    """A log of ten events, of which the fifth and the seventh carry a file."""
    desk = Desk(tmp_path / "desk")
    desk.sitting.open("build")
    desk.sitting.extend("build", 60, **WHY)
    desk.sitting.beat()
    for text in ("one", "two"):
        desk.write(text)
        desk.clock.advance(20)
        desk.sitting.snapshot("build")
        desk.sitting.beat()
    desk.sitting.submit("build")
    desk.sitting.next()
    return desk


def forge(path, *statements):
    """Change the file as somebody would who knows SQLite."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER IF EXISTS no_update")
        db.execute("DROP TRIGGER IF EXISTS no_delete")
        for statement, *values in statements:
            db.execute(statement, values)
    return Log(path)


def event(n, **data):
    return Event(n, "beat", data, ManualClock().read())


def new(path):
    return Log.create(path, Contents((), {}, Seal(0, KEY)))


# ---- what is written


def test_a_log_that_nobody_touched_is_sound(desk):
    assert desk.sitting.log.seq == 10
    assert desk.sitting.log.verify(KEY) == desk.sitting.log.verify() == []


def test_a_body_is_canonical_json(desk):
    for row in desk.sitting.log.rows():
        fields = json.loads(row.body)
        assert set(fields) == {"seq", "kind", "data", "clock", "prev"}
        assert set(fields["clock"]) == {"wall", "boot", "boot_id"}
        assert row.body == chain.canonical(fields)
    with pytest.raises(ValueError, match="JSON"):
        chain.canonical(float("nan"))


def test_events_cannot_be_changed_or_removed_by_sql(desk):
    db = desk.sitting.log._db
    for statement in ("UPDATE events SET mac = ''", "DELETE FROM events WHERE seq = 10"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            db.execute(statement)
    assert desk.sitting.log.verify(KEY) == []


def test_no_key_of_the_past_is_left_in_any_file(desk):
    held = b"".join(path.read_bytes() for path in desk.folder.glob("sitting.*"))
    keys = [KEY]
    for _ in range(10):
        keys.append(chain.evolve(keys[-1]))
    assert [key in held for key in keys] == [False] * 10 + [True]


def test_a_sitting_is_one_file_beside_its_ballast(desk):
    desk.sitting.close()
    journal = desk.folder / "sitting.sqlite3-journal"
    there = {path.name for path in desk.folder.iterdir()} - {journal.name, "work"}
    assert there == {"sitting.sqlite3", "sitting.ballast"}
    assert not journal.exists() or journal.stat().st_size == 0
    other = desk.folder / "moved.sqlite3"
    shutil.move(desk.path, other)
    journal.unlink(missing_ok=True)
    assert Log(other).verify(KEY) == []


def test_every_transaction_is_flushed(desk):
    assert desk.sitting.log._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert desk.sitting.log._db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_content_comes_back_by_its_hash(desk):
    assert desk.sitting.log.blob(chain.digest(b"two")) == b"two"
    assert desk.sitting.log.blob(chain.digest(b"three")) is None


def test_the_second_of_two_writers_is_refused_and_writes_after_it_looked(tmp_path):
    one = new(tmp_path / "a.sqlite3")
    two = Log(tmp_path / "a.sqlite3")
    one.append(event(1))
    with pytest.raises(Refused, match="Another process"):
        two.append(event(1))
    assert [each.seq for each in two.new()] == [1]
    two.append(event(2))
    assert one.verify(KEY) == []


def test_a_log_is_created_once(desk):
    with pytest.raises(Refused, match="created once"):
        new(desk.path)


def test_what_is_no_log_is_a_fault_that_names_the_file(tmp_path):
    (tmp_path / "a.txt").write_text("hello " * 1000)
    with closing(sqlite3.connect(tmp_path / "b.db")) as db:
        db.execute("CREATE TABLE events (seq)")
    for name in ("none", "a.txt", "b.db"):
        with pytest.raises(GraderFault, match=name) as caught:
            Log(tmp_path / name)
        assert str(tmp_path) not in str(caught.value)


def test_an_interrupt_in_the_middle_of_a_transaction_writes_nothing(desk, monkeypatch):
    held = desk.sitting.log
    before = held.contents()
    monkeypatch.setattr(chain, "evolve", lambda key: next(iter(())))
    with pytest.raises(StopIteration):
        held.append(event(11), [b"a file"])
    monkeypatch.undo()
    assert held.contents() == before
    held.append(event(11), [b"a file"])
    assert held.verify(KEY) == []


# ---- a full disk


def fill(held):
    """From here on the file may not grow."""
    pages = held._db.execute("PRAGMA page_count").fetchone()[0]
    held._db.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def test_a_full_disk_leaves_all_as_it_was_and_is_told(desk):
    held = desk.sitting.log
    desk.sitting.log.ballast.unlink()
    before = held.contents()
    fill(held)
    with pytest.raises(GraderFault, match=r"full.*Nothing was written.*Free some space"):
        held.append(event(11), [random.Random(0).randbytes(90_000)])
    assert held.contents() == before
    assert held.verify(KEY) == []
    held._db.execute("PRAGMA max_page_count = 100000").fetchall()
    held.append(event(11), [random.Random(0).randbytes(90_000)])
    assert held.verify(KEY) == []


def test_the_ballast_is_given_up_once_and_the_event_is_written(desk, caplog, monkeypatch):
    held, real = desk.sitting.log, Path.unlink

    def unlink(path, **given):
        real(path, **given)
        held._db.execute("PRAGMA max_page_count = 100000").fetchall()

    fill(held)
    monkeypatch.setattr(Path, "unlink", unlink)
    held.append(event(11), [random.Random(0).randbytes(90_000)])
    assert held.seq == 11
    assert not held.ballast.exists()
    assert "disk is full" in caplog.text
    assert held.verify(KEY) == []


TINY = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
import sample_sitting as sample
from unittest import mock
from grader.model import GraderFault
from grader.sitting import log
desk = sample.Desk(Path("/mnt/desk"))
desk.sitting.log.ballast.write_bytes(bytes(200_000))
desk.sitting.open("build")
saved = []
for n in range(100):
    desk.write(os.urandom(20_000).hex())
    desk.clock.advance(20)
    try:
        desk.sitting.snapshot("build")
    except GraderFault as caught:
        fault = caught
        break
    saved.append(n)
    lightened = not desk.sitting.log.ballast.exists()
    if lightened and "first" not in globals():
        first = n
assert "Free some space" in str(fault), fault
assert desk.sitting.log.verify(sample.KEY) == []
assert len(desk.sitting.state.part("build").snapshots) == len(saved)
Path("/mnt/fill").unlink()
desk.sitting.snapshot("build")
desk.restart()
assert desk.sitting.log.verify(sample.KEY) == []
assert len(desk.sitting.state.part("build").snapshots) == len(saved) + 1
print("saved", len(saved), "ballast used at", first)
"""


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap for a small disk")
def test_on_a_disk_of_two_mebibytes_the_ballast_then_the_fault_then_space_again():
    command = ["bwrap", "--dev-bind", "/", "/", "--size", str(2 << 20), "--tmpfs", "/mnt"]
    fill_up = "from pathlib import Path; Path('/mnt/fill').write_bytes(bytes(500_000))\n"
    done = subprocess.run(
        [*command, sys.executable, "-c", fill_up + TINY, str(ROOT), str(ROOT / "tests")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    saved, used = (int(word) for word in done.stdout.split() if word.isdigit())
    assert saved > used > 5


# ---- what is found


def test_every_bit_that_is_flipped_in_an_event_is_found(desk):
    held, draw = desk.sitting.log.contents(), random.Random(0)
    blob, seal = desk.sitting.log.blob, held.seal
    for _ in range(400):
        rows = list(held.rows)
        n = draw.randrange(len(rows))
        body = bytearray(rows[n].body)
        body[draw.randrange(len(body))] ^= 1 << draw.randrange(8)
        rows[n] = rows[n]._replace(body=bytes(body))
        assert chain.verify(rows, blob, seal), bytes(body)


@pytest.mark.parametrize("field", ["hash", "mac"])
def test_every_character_of_a_hash_and_of_a_seal_counts(desk, field):
    held = desk.sitting.log.contents()
    for n, row in enumerate(held.rows):
        for place in range(0, 64, 7):
            text = getattr(row, field)
            other = "0" if text[place] != "0" else "1"
            rows = list(held.rows)
            rows[n] = row._replace(**{field: text[:place] + other + text[place + 1 :]})
            assert chain.verify(rows, desk.sitting.log.blob, held.seal, KEY)


def test_no_bit_of_the_file_can_change_what_is_read_unseen(desk, tmp_path):
    before = desk.sitting.log.contents()
    desk.sitting.close()
    content, draw, found = desk.path.read_bytes(), random.Random(1), 0
    for n in range(300):
        flipped = bytearray(content)
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
        path = tmp_path / f"{n}.sqlite3"
        path.write_bytes(flipped)
        try:
            held = Log(path)
        except GraderFault:
            found += 1
            continue
        if held.verify(KEY):
            found += 1
        else:
            assert held.contents() == before
        held.close()
    assert found > 20  # the rest of the file is empty space


def test_a_file_that_is_exchanged_is_found(desk):
    other = zlib.compress(b"three")
    held = forge(desk.path, ("UPDATE blobs SET z = ? WHERE sha = ?", other, chain.digest(b"two")))
    (finding,) = held.verify(KEY)
    assert "Event 7" in finding and "build.py" in finding


def test_a_file_that_would_unpack_to_a_gigabyte_is_found(desk):
    bomb = zlib.compress(bytes(1 << 28), 9)
    held = forge(desk.path, ("UPDATE blobs SET z = ? WHERE sha = ?", bomb, chain.digest(b"two")))
    assert "build.py" in held.verify(KEY)[0]


def test_two_events_that_changed_places_are_found(desk):
    swap = "UPDATE events SET seq = ? WHERE seq = ?"
    held = forge(desk.path, (swap, 99, 5), (swap, 5, 7), (swap, 7, 99))
    assert any("Event 5" in each for each in held.verify())


def test_an_event_that_is_missing_in_the_middle_is_found(desk):
    held = forge(desk.path, ("DELETE FROM events WHERE seq = 4",))
    assert held.verify()


def test_a_cut_tail_is_found(desk):
    held = forge(desk.path, ("DELETE FROM events WHERE seq > 8",))
    assert held.verify() == ["The end: 10 events were sealed, 8 are here."]


def test_a_cut_tail_with_a_count_set_right_is_found(desk):
    held = forge(desk.path, ("DELETE FROM events WHERE seq > 8",), ("UPDATE k SET i = 8",))
    assert held.verify() == []
    (finding,) = held.verify(KEY)
    assert "tail was cut" in finding


def test_a_forger_who_computes_all_anew_with_todays_key_is_found(desk):
    held = desk.sitting.log.contents()
    rows, prev = [], chain.START
    for row in held.rows:
        fields = json.loads(row.body) | {"prev": prev}
        if fields["kind"] == "extend":
            fields["data"]["seconds"] = 3600
        body = chain.canonical(fields)
        prev = chain.digest(body)
        rows.append(Row(row.seq, body, prev, chain.mac(held.seal.key, prev)))
    assert chain.verify(rows, desk.sitting.log.blob, held.seal) == []
    findings = chain.verify(rows, desk.sitting.log.blob, held.seal, KEY)
    assert len(findings) == 10


def test_events_added_by_a_forger_who_does_not_know_the_key_are_found(desk):
    head = desk.sitting.log.head
    row = chain.pack(event(11), head, b"?" * 32)
    held = forge(
        desk.path,
        ("INSERT INTO events VALUES (?, ?, ?, ?)", *row),
        ("UPDATE k SET i = 11",),
    )
    assert held.verify() == []
    assert any("Event 11: its seal" in each for each in held.verify(KEY))


def test_an_older_log_put_back_is_found_by_a_code_that_somebody_noted(desk):
    shutil.copy(desk.path, desk.folder / "old.sqlite3")
    desk.sitting.beat()
    seq, code = desk.sitting.anchor
    assert desk.sitting.log.verify(KEY, {seq: code}) == []
    old = Log(desk.folder / "old.sqlite3")
    assert old.verify(KEY) == []
    assert "which was noted" in old.verify(KEY, {seq: code})[0]


@pytest.mark.parametrize("field", ["body", "hash", "mac"])
@pytest.mark.parametrize("value", ["NULL", "7", "'text'", "x'ff00'"])
def test_values_of_another_kind_are_found(desk, field, value):
    held = forge(
        desk.path,
        ("CREATE TABLE other AS SELECT * FROM events",),
        ("DROP TABLE events",),
        ("ALTER TABLE other RENAME TO events",),
        (f"UPDATE events SET {field} = {value} WHERE seq = 5",),
    )
    assert held.verify(KEY)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 5000, b'{"seq":NaN}'])
def test_a_body_that_cannot_be_read_is_a_finding_and_a_fault_not_a_crash(desk, body):
    held = forge(desk.path, ("UPDATE events SET body = ? WHERE seq = 5", body))
    assert any("Event 5: it cannot be read" in each for each in held.verify(KEY))
    with pytest.raises(GraderFault, match="damaged at event 5"):
        list(held.new())
