"""The keeper: saves by itself, closes at the deadline, survives what it can, and is one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_exam import KEY, STAFF, bodies, sat

from grader.exam import keeper
from grader.exam.keeper import Keeper, ensure, report
from grader.model import GraderFault, Refused
from grader.sitting import ManualClock, log


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def desk(tmp_path, clock):
    """A place with build open, its sitting as staff see it, and a keeper that was not started."""
    place, sitting = sat(tmp_path, clock)
    return place, sitting, Keeper(place, clock)


def pass_time(one, clock, seconds):
    """Look once a second, as the process does; whether anything is left to keep."""
    going = True
    for _ in range(seconds):
        clock.advance(1)
        going = one.look() and going
    return going


def edit(place, text):
    (place.folder / "build.py").write_text(text)


def saves(sitting):
    return [event.data["taken"] // 10**9 for event in bodies(sitting, "snapshot")]


def test_it_saves_at_once_and_then_every_autosave_s_while_files_change(desk, clock):
    place, sitting, one = desk
    assert one.look()
    for n in range(20):
        edit(place, f"x = {n}\n")
        pass_time(one, clock, 1)
    assert saves(sitting) == [0, 5, 10, 15, 20]


def test_files_that_do_not_change_are_saved_once(desk, clock):
    _, sitting, one = desk
    one.look()
    pass_time(one, clock, 60)
    assert saves(sitting) == [0]


def test_it_gives_a_sign_of_life_every_15_s(desk, clock):
    _, sitting, one = desk
    one.look()
    pass_time(one, clock, 60)
    assert len(bodies(sitting, "beat")) == 5


def test_the_last_seconds_of_a_part_are_saved_second_by_second(desk, clock):
    place, sitting, one = desk
    clock.advance(1195)
    one.look()
    for n in range(6):
        edit(place, f"x = {n}\n")
        going = pass_time(one, clock, 1)
    assert not going
    sitting.tick()
    part = sitting.state.part("build")
    assert (part.status, part.reason, part.closed_ns) == ("closed", "expired", 1200 * 10**9)
    (sha,) = [s for p, s in part.submitted.manifest.items() if p == "build.py"]
    assert sitting.log.blob(sha) == b"x = 4\n"
    assert sitting.log.verify(KEY) == []


def test_it_ends_when_nothing_is_open_and_when_the_sitting_is_over(desk, clock):
    _, sitting, one = desk
    assert one.look()
    sitting.submit("build")
    assert not one.look()
    sitting.open("explain")
    assert one.look()
    sitting.end(**STAFF)
    assert not one.look()


def test_a_pause_stops_saving_and_keeps_the_keeper(desk, clock):
    place, sitting, one = desk
    one.look()
    sitting.pause("build", **STAFF)
    edit(place, "x = 1\n")
    assert pass_time(one, clock, 20) and saves(sitting) == [0]
    sitting.resume("build", **STAFF)
    assert pass_time(one, clock, 1) and len(saves(sitting)) == 2


def test_extra_time_keeps_it_going(desk, clock):
    _, sitting, one = desk
    one.look()
    sitting.extend("build", 600, **STAFF)
    assert pass_time(one, clock, 1300)
    assert not pass_time(one, clock, 600)


def test_a_file_of_10_mb_is_named_and_the_rest_goes_on(desk, clock):
    place, sitting, one = desk
    one.look()
    edit(place, "x" * 10_000_000)
    pass_time(one, clock, 20)
    assert one.error == "build.py is larger than 1 MiB; shorten it."
    assert len(bodies(sitting, "beat")) == 2
    edit(place, "x = 1\n")
    assert pass_time(one, clock, 1) and one.error == ""
    assert len(saves(sitting)) == 2


def test_a_full_disk_is_told_and_saving_is_tried_again(desk, clock, monkeypatch):
    place, sitting, one = desk
    one.look()
    edit(place, "x = 1\n")
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def refuse(*_):
        raise full

    monkeypatch.setattr(log.Log, "_insert", refuse)
    assert pass_time(one, clock, 10)
    assert "disk is full" in one.error and "Free some space" in one.error
    monkeypatch.undo()
    assert pass_time(one, clock, 1) and one.error == ""
    assert len(saves(sitting)) == 2


def test_another_process_that_writes_just_now_is_no_error(desk, clock, monkeypatch):
    _, _, one = desk
    one.look()
    busy = iter([True])
    true = log.Log.append

    def append(self, *given):
        if next(busy, False):
            raise Refused("Another process wrote to this sitting just now; try again.")
        return true(self, *given)

    monkeypatch.setattr(log.Log, "append", append)
    clock.advance(15)
    assert one.look() and one.error == ""
    assert one.look() and one.failed == 0


def test_it_follows_a_folder_that_was_renamed(desk, clock, tmp_path):
    place, _, one = desk
    one.look()
    moved = place.folder.rename(tmp_path / "renamed")
    (moved / "build.py").write_text("x = 1\n")
    one.follow(moved)
    assert pass_time(one, clock, 5) and one.error == ""
    with_it = one.saving.sitting
    assert len(bodies(with_it, "snapshot")) == 2 and with_it.log.verify(KEY) == []


def test_a_log_that_is_gone_ends_it(desk, clock):
    place, _, one = desk
    one.look()
    place.folder.rename(place.folder.with_name("gone"))
    one.close()
    assert not one.look()


def test_it_gives_up_after_hours_of_faults(desk, clock, monkeypatch):
    place, _, one = desk
    place.log.write_bytes(b"rubbish" * 1000)
    one.failed = keeper.PATIENCE - 1
    assert one.look() and not one.look()


# The process itself, on the clock of this machine.


@pytest.fixture
def real(tmp_path):
    """A place with build open, and what kills its keeper at the end."""
    place, sitting = sat(tmp_path, None)
    yield place, sitting
    if report(place).alive:
        os.kill(pid(place), signal.SIGKILL)


def pid(place):
    import json

    return json.loads(place.keeper.read_text())["pid"]


def until(true, within_s=20):
    """Wait for something that another process does."""
    end = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


def started(place):
    assert ensure(place)
    return until(lambda: place.keeper.exists() and place.keeper.stat().st_size and pid(place))


def test_a_keeper_saves_without_a_terminal_and_there_is_one(real):
    place, sitting = real
    assert not report(place).alive
    first = started(place)
    until(lambda: saves(sitting))
    assert report(place) == (True, "") and not ensure(place)
    assert os.getsid(first) == first != os.getsid(0)
    second = subprocess.run(
        [sys.executable, "-m", "grader.exam.keeper"], cwd=place.folder, timeout=60
    )
    assert second.returncode == 0 and pid(place) == first and report(place).alive


def test_a_killed_keeper_leaves_no_lock_and_another_goes_on(real):
    place, sitting = real
    first = started(place)
    until(lambda: saves(sitting))
    os.kill(first, signal.SIGKILL)
    until(lambda: not report(place).alive)
    edit(place, "x = 1\n")
    assert started(place)
    until(lambda: len(saves(sitting)) == 2)
    assert pid(place) != first
    assert sitting.log.verify(KEY) == []


def test_a_keeper_tells_its_error_and_leaves_when_the_part_is_submitted(real):
    place, sitting = real
    edit(place, "x" * 2_000_000)
    started(place)
    until(lambda: "larger than 1 MiB" in report(place).error)
    edit(place, "x = 1\n")
    until(lambda: report(place).error == "" and saves(sitting))
    sitting.submit("build")
    until(lambda: not report(place).alive)


def test_a_keeper_that_is_told_to_leave_saves_first_and_knows_no_passphrase(real, monkeypatch):
    monkeypatch.setenv(keeper.PASSPHRASE, "four words at random")
    place, sitting = real
    first = started(place)
    environment = Path(f"/proc/{first}/environ")
    assert not environment.exists() or b"PASSPHRASE" not in environment.read_bytes()
    edit(place, "x = 1\n")
    os.kill(first, signal.SIGTERM)
    until(lambda: not report(place).alive)
    assert len(saves(sitting)) == 2


def test_where_no_keeper_can_run_it_says_what_to_do(tmp_path, monkeypatch):
    place, _ = sat(tmp_path, None)
    place.keeper.mkdir()
    with pytest.raises(GraderFault, match="keep `grade exam watch` open, which saves too"):
        ensure(place)


def test_a_keeper_follows_its_folder_by_itself(real, tmp_path):
    place, sitting = real
    first = started(place)
    until(lambda: saves(sitting))
    sitting.close()
    moved = keeper.Place(place.folder.rename(tmp_path / "renamed"))
    time.sleep(1.2)  # one look
    edit(moved, "x = 1\n")
    again = moved.sitting()
    until(lambda: len(saves(again)) == 2)
    assert report(moved).alive and pid(moved) == first
    os.kill(first, signal.SIGKILL)
