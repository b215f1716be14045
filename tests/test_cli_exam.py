"""A candidate's commands, as typed; the keeper is stood in for, it has tests of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import as_ordinary_user
from sample_exam import KEY, SECRET, STAFF, Done, bodies, refuses, ticket, typed_in

from grader.cli import exam_view
from grader.exam import keeper
from grader.exam import ticket as tickets
from grader.exam.keeper import Report
from grader.exam.place import Place
from grader.exam.ticket import seal
from grader.model import GraderFault
from grader.sitting import ManualClock, bundle, log, sitting


@pytest.fixture
def clock(monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(sitting, "SystemClock", lambda: clock)
    return clock


@pytest.fixture
def started(monkeypatch):
    """The folders for which a keeper would have been started."""
    found = []

    def ensure(place):
        found.append(place.folder.name)
        return False

    monkeypatch.setattr(keeper, "ensure", ensure)
    monkeypatch.setattr(exam_view, "ensure", ensure)
    return found


@pytest.fixture
def grade(tmp_path, monkeypatch, capsys, clock, started):
    """Run the command in a folder that holds ada's ticket."""
    monkeypatch.setattr(log, "BALLAST", 1 << 16)
    monkeypatch.setattr(tickets, "COST", 1 << 4)
    monkeypatch.setenv("GRADER_EXAM_PASSPHRASE", SECRET)
    monkeypatch.chdir(tmp_path)
    Path("ada.ticket").write_bytes(seal(ticket(), SECRET))

    return typed_in(monkeypatch, capsys)


@pytest.fixture
def inside(grade, monkeypatch):
    """The same in the folder of a sitting that was just started."""
    assert grade("start ada.ticket").code == 0
    monkeypatch.chdir("short-ada")
    return grade


def here():
    return Place(Path.cwd())


def test_start_says_what_there_is_and_what_comes_next(grade):
    done = grade("start ada.ticket")
    assert done.code == 0 and done.out.splitlines() == [
        "ada, short: 2 parts, 30 minutes without extra time. Nothing runs yet.",
        "Next: cd short-ada, then: grade exam open build",
    ]
    assert refuses(grade("start ada.ticket"), "short-ada is here already; go into it")


def test_a_wrong_passphrase_a_damaged_ticket_and_a_wrong_file_are_told(grade, monkeypatch):
    Path("notes.txt").write_text("hello")
    Path("cut.ticket").write_bytes(Path("ada.ticket").read_bytes()[:-1])
    usage = {"code": 2, "start": "Error: "}
    assert refuses(grade("start notes.txt"), "notes.txt is no ticket", **usage)
    assert refuses(grade("start none.ticket"), "there is no ticket none.ticket", **usage)
    assert refuses(grade("start cut.ticket"), "cut.ticket is damaged; ask for it again")
    monkeypatch.setenv("GRADER_EXAM_PASSPHRASE", "another one entirely")
    assert refuses(grade("start ada.ticket"), "does not open ada.ticket; type it once more")


def test_outside_of_a_sitting_each_command_says_where_to_go(grade):
    for words in ("status", "open build", "save", "lines", "submit build", "next", "watch"):
        done = grade(words)
        assert refuses(done, "no exam is sat in this folder", code=2, start="Error: ")


def test_open_asks_once_and_a_no_starts_nothing(inside):
    done = inside("open build", "n\n")
    assert "1200 s start now and do not stop. Open build?" in done.out
    assert (done.code, done.err) == (130, "Interrupted.\n")
    assert not Path("build.py").exists()
    assert here().sitting().state.part("build").status == "locked"


def test_open_gives_the_paper_the_code_and_a_keeper(inside, started):
    done = inside("open build", "y\n")
    assert done.code == 0, done.err
    code = here().sitting().anchor
    assert f"Code for the proctor: {code.seq} {code.code}" in done.out
    assert "Its paper: build-number.txt, build.md, build.py" in done.out
    assert Path("build.py").exists() and not Path("explain.md").exists()
    assert started == ["short-ada"]


def test_open_once_more_brings_back_what_is_missing_and_asks_nothing(inside):
    Path("build.md").write_text("mine")
    inside("open build --yes")
    Path("build.py").write_text("x = 1\n")
    Path("build-number.txt").unlink()
    done = inside("open build")
    assert "Its paper: build-number.txt" in done.out and "[y/N]" not in done.out
    assert "left as they are: build.md, build.py" in done.out
    assert Path("build.py").read_text() == "x = 1\n" and Path("build.md").read_text() == "mine"


def test_parts_open_in_order_one_at_a_time_and_by_name(inside):
    assert refuses(inside("open explain --yes"), "Part build comes first; open it.")
    assert refuses(inside("open nothing --yes"), "no part nothing; its parts are build, explain.")
    inside("open build --yes")
    assert refuses(inside("open explain --yes"), "Part build is still open; submit it first.")
    assert refuses(inside("next --yes"), "Part build is still open")


def test_no_time_starts_where_the_paper_cannot_be_read(inside):
    (here().state / "papers").write_bytes(b"rubbish")
    done = inside("open build --yes")
    assert refuses(done, "paper of build cannot be read", code=3, start="Grader fault: ")
    assert here().sitting().state.part("build").status == "locked"


def test_status_shows_time_last_save_lines_and_code(inside, clock):
    inside("open build --yes")
    inside("save")
    clock.advance(12)
    out = inside("status").out
    assert "short, ada: running" in out
    assert re.search(r"build +0:19:48 left +ends at \d\d:\d\d:\d\d", out)
    assert re.search(r"explain +0:10:00 +not opened yet", out)
    assert "saved 12 s ago (#3)\n" in out
    assert "build.py: 2 lines, 11 tokens" in out
    anchor = here().sitting().anchor
    assert f"Code for the proctor: {anchor.seq} {anchor.code}" in out


def test_status_says_that_newer_edits_follow(inside):
    inside("open build --yes")
    assert "not saved yet" in inside("status").out
    inside("save")
    Path("build.py").write_text("x = 1\n")
    assert "saved 0 s ago (#3), newer edits follow" in inside("status").out


def test_status_says_in_red_why_nothing_is_saved(inside, monkeypatch):
    inside("open build --yes")
    inside("save")
    Path("build.py").write_text("x" * 10_000_000)
    out = "\n".join(exam_view.status(here(), here().sitting(), ""))
    assert "\x1b[31m\x1b[1mNOT SAVED: build.py is larger than 1 MiB; shorten it." in out
    assert "Saved before: #3." in out and "NOT SAVED: build.py is l" in inside("status").out
    Path("build.py").write_text("x = 1\n")
    monkeypatch.setattr(keeper, "report", lambda _: Report(True, "database or disk is full"))
    assert "NOT SAVED: database or disk is full. Saved before: #3." in inside("status").out
    inside("save")
    out = inside("status").out
    assert "(#4), but the next save may FAIL: database or disk is full" in out
    assert "NOT SAVED" not in out


def test_save_tells_its_number_and_when_nothing_changed(inside):
    assert refuses(inside("save"), "No part is open; see what comes next")
    inside("open build --yes")
    assert inside("save").out == "saved (#3)\n"
    assert inside("save").out == "nothing has changed since #3\n"
    Path("build.py").unlink()
    assert refuses(inside("save"), "files of part build are gone; what was saved last still")
    Path("build.py").write_text("x" * 10_000_000)
    assert refuses(inside("save"), "build.py is larger than 1 MiB; shorten it.")


def test_a_save_of_no_file_at_all_is_told(inside):
    inside("open build --yes")
    Path("build.py").unlink()
    assert refuses(inside("save"), "Nothing was saved: there is no build.py yet")


def test_lines_shows_every_cost_and_bad_files_are_told(inside):
    inside("open build --yes")
    out = inside("lines").out
    assert "  1  def double(x):" in out and "build.py: 2 lines, 11 tokens" in out
    Path("build.py").write_text("def (\n")
    done = inside("lines")
    assert done.code == 2 and "line 1" in done.err
    Path("build.py").write_bytes(b"x" * 10_000_000)
    assert "build.py has 10.0 MB" in inside("lines").err
    Path("build.py").write_text("x = 1\n")
    inside("submit build --yes")
    inside("next --yes")
    assert refuses(inside("lines"), "Lines are not counted in explain.")


def test_submit_asks_with_the_time_that_is_left(inside, clock):
    inside("open build --yes")
    clock.advance(60)
    done = inside("submit build", "n\n")
    assert "0:19:00 are left; a submitted part stays closed. Submit?" in done.out
    assert here().sitting().state.part("build").status == "open"
    done = inside("submit build", "y\n")
    assert "build is submitted. Code for the proctor:" in done.out
    assert "Next: grade exam next    (explain, 0:10:00)" in done.out
    assert refuses(inside("submit build"), "Part build is closed")
    assert refuses(inside("submit explain --yes"), "Part explain is locked")


def test_after_the_last_part_there_is_a_bundle_to_hand_in(inside, tmp_path):
    inside("open build --yes")
    inside("submit build --yes")
    inside("next --yes")
    Path("essay.md").write_text("It doubles.\n")
    done = inside("submit explain --yes")
    assert "The exam is over. ada.bundle in short-ada/ holds all of it:" in done.out
    assert "hand that file in as you were told" in done.out
    held = bundle.read(Path("ada.bundle"), tmp_path / "read.db")
    assert held.verify(KEY) == [] and held.rows() == here().sitting().log.rows()
    assert inside("next").code == 0
    Path("ada.bundle").unlink()
    assert inside("next").code == 0 and Path("ada.bundle").exists()


def test_when_the_time_is_over_the_last_save_counts_and_next_goes_on(inside, clock):
    inside("open build --yes")
    inside("save")
    clock.advance(1201)
    Path("build.py").write_text("too late\n")
    out = inside("status").out
    assert "build    closed: time over; what was saved as #3 counts" in out
    assert "Next: grade exam next" in out
    assert refuses(inside("save"), "No part is open")
    assert refuses(inside("submit build"), "Part build is closed; only an open part can be")
    assert inside("next --yes").code == 0
    clock.advance(601)
    done = inside("next")
    assert "ada.bundle" in done.out and here().sitting().state.status == "finished"


def test_a_void_sitting_says_so(inside):
    here().sitting().void(**STAFF)
    assert "short, ada: void" in inside("status").out
    assert refuses(inside("open build --yes"), "This sitting is void; speak to the instructor.")
    assert refuses(inside("next"), "This sitting is void")


def test_a_folder_that_was_moved_goes_on_elsewhere(inside, monkeypatch, tmp_path):
    inside("open build --yes")
    Path.cwd().rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    assert inside("save").out == "saved (#3)\n"


def test_a_damaged_log_is_a_fault_with_a_next_step(inside):
    here().log.write_bytes(b"rubbish" * 999)
    done = inside("status")
    assert refuses(done, "tell the proctor", code=3, start="Grader fault: ")


def test_a_keeper_that_had_ended_is_told_and_started(inside, monkeypatch):
    inside("open build --yes")
    monkeypatch.setattr(keeper, "ensure", lambda _: True)
    assert inside("status").err == "Saving had stopped, and goes on now.\n"


def test_where_no_keeper_can_run_each_command_says_so_and_does_its_work(inside, monkeypatch):
    inside("open build --yes")

    def fail(_):
        raise GraderFault("the keeper does not start; keep `grade exam watch` open.")

    monkeypatch.setattr(keeper, "ensure", fail)
    done = inside("save")
    assert (done.code, done.out) == (0, "saved (#3)\n")
    assert "NOT SAVED by itself: the keeper does not start; keep `grade exam watch`" in done.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_read_only_folder_is_told(inside, tmp_path, started):
    inside("open build --yes")
    path = tmp_path
    while path != Path(tempfile.gettempdir()):
        path.chmod(0o755)
        path = path.parent
    for path in Path.cwd().rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    Path.cwd().chmod(0o555)
    command = [sys.executable, "-m", "grader", "exam", "save"]
    done = subprocess.run(as_ordinary_user(command), capture_output=True, text=True)
    told = Done(done.returncode, done.stdout, done.stderr)
    assert refuses(told, "readonly", code=3, start="Grader fault: ")


def test_run_shows_the_rows_of_a_training_and_where_it_ended(inside, monkeypatch, tmp_path):
    from grader.exam import diagnosis

    def rows(bank, work, item, isolation):
        assert (bank, work.name, item) == (tmp_path / "exams/bank", "short-ada", "item1")
        yield {"step": 0, "loss": 2.1, "gradient": None, "live_mb": 2.5}
        yield {"error": "RuntimeError: too large", "line": 12}

    monkeypatch.setattr(diagnosis, "run_item", rows)
    assert refuses(inside("run item1"), "No part is open")
    inside("open build --yes")
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises/course.yaml").touch()
    monkeypatch.setenv("GRADER_COURSE", str(tmp_path))
    done = inside("run item1")
    assert refuses(done, "the course here has no exams/bank/", code=2, start="Error: ")
    (tmp_path / "exams/bank").mkdir(parents=True)
    assert inside("run item1").out.splitlines() == [
        "step 0  loss 2.1  live_mb 2.5",
        "ended: RuntimeError: too large (line 12)",
    ]


def shown(clock, *, until, part="build"):
    """The lines of a watch, one a second."""
    found = []
    for line in exam_view.countdown(here().sitting()):
        found.append(line)
        if len(found) == until:
            break
        clock.advance(1)
    return found


def test_a_watch_counts_down_saves_and_ends_with_the_part(inside, clock):
    inside("open build --yes")
    clock.advance(1180)
    lines = shown(clock, until=100)
    assert lines[0].text == "build  0:00:20 left  saved 0 s ago (#3)"
    assert lines[-1].text.startswith("build  0:00:00 left") and len(lines) == 21
    assert len(bodies(here().sitting(), "snapshot")) == 1


def test_a_watch_warns_once_at_15_5_and_1_minutes(inside, clock):
    inside("open build --yes")
    lines = shown(clock, until=1200)
    told = [(n, line.warning) for n, line in enumerate(lines) if line.warning]
    assert told == [
        (300, "Less than 15 minutes are left in build."),
        (900, "Less than 5 minutes are left in build."),
        (1140, "Less than 1 minute is left in build."),
    ]


def test_a_watch_tells_what_cannot_be_saved(inside, clock):
    inside("open build --yes")
    Path("build.py").write_text("x" * 2_000_000)
    (line,) = shown(clock, until=1)
    assert not line.good and "NOT SAVED: build.py is larger than 1 MiB" in line.text


def test_ctrl_c_ends_the_watch_only(inside, monkeypatch):
    inside("open build --yes")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(exam_view.time, "sleep", interrupt)
    done = inside("watch")
    assert done.code == 0 and "The watch has ended; saving goes on by itself." in done.out
    assert here().sitting().state.part("build").status == "open"


def test_a_watch_that_sees_the_end_says_what_comes_next(inside, clock, monkeypatch):
    inside("open build --yes")
    monkeypatch.setattr(exam_view.time, "sleep", lambda _: clock.advance(100))
    done = inside("watch --bell")
    assert "Less than 5 minutes are left in build.\a" in done.out
    assert "build is over; what was saved last counts. Next: grade exam next" in done.out
