"""The commands of staff, as typed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE
from sample_exam import SECRET, bodies, fake_forms, refuses, sat, ticket, typed_in

from grader.cli import exam_staff
from grader.exam import keeper
from grader.exam import ticket as tickets
from grader.exam.place import Place, start
from grader.exam.ticket import unseal
from grader.sitting import ManualClock, log, sitting

WHY = ["--reason", "fire alarm", "--by", "Dr Hill"]
USAGE = {"code": 2, "start": "Error: "}


@pytest.fixture
def clock(monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(sitting, "SystemClock", lambda: clock)
    monkeypatch.setattr("grader.sitting.SystemClock", lambda: clock)
    return clock


@pytest.fixture
def grade(tmp_path, monkeypatch, capsys, clock):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)
    monkeypatch.setattr(tickets, "COST", 1 << 4)
    monkeypatch.setattr(keeper, "ensure", lambda _: False)
    monkeypatch.setenv("GRADER_EXAM_PASSPHRASE", SECRET)
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    fake_forms(monkeypatch)
    return typed_in(monkeypatch, capsys)


@pytest.fixture
def room(grade):
    Path("r.csv").write_text("learner,factor\nada,\nbob,1.5\n")
    done = grade("new short --roster r.csv --level lab -o autumn")
    assert done.code == 0, done.err
    return done


@pytest.fixture
def desk(grade, clock, tmp_path):
    """The folder short-ada with build open."""
    _, held = sat(tmp_path, clock)
    held.close()
    return Place(tmp_path / "short-ada")


def state(desk):
    with_it = desk.sitting()
    with_it.close()
    return with_it.state


def test_new_says_what_to_keep_and_what_comes_next(room):
    assert room.out.splitlines() == [
        "autumn: short, level lab, 2 learners.",
        "Keep autumn/ to yourself: it holds the keys. public.pem is for everybody.",
        "Next: grade exam ticket autumn --all",
    ]


def test_new_tells_a_bad_roster_an_unknown_exam_and_a_second_time(room, grade):
    assert refuses(grade("new short --roster r.csv -o autumn"), "autumn is there already")
    assert refuses(grade("new long --roster r.csv -o b"), "no exam named `long`", **USAGE)
    assert refuses(grade("new short --roster none.csv -o b"), "cannot be read", **USAGE)
    Path("r.csv").write_text("learner\nada\nada\n")
    assert refuses(grade("new short --roster r.csv -o b"), "line 3: ada stands in", **USAGE)


def test_tickets_are_written_once_each_for_its_learner(room, grade):
    done = grade("ticket autumn --all")
    assert "wrote ada.ticket\nwrote bob.ticket\n" in done.out
    assert "the passphrase only when the exam begins" in done.out
    bob = unseal(Path("bob.ticket"), SECRET)
    assert (bob.learner, bob.accommodation.factor, bob.level) == ("bob", 1.5, "lab")
    assert refuses(grade("ticket autumn ada"), "ada.ticket is here already")
    assert refuses(grade("ticket autumn eve"), "no learner `eve`", **USAGE)
    assert refuses(grade("ticket autumn"), "name a learner, or use --all", **USAGE)
    assert refuses(grade("ticket r.csv ada"), "r.csv is no class", **USAGE)


def test_a_short_passphrase_is_refused(room, grade, monkeypatch):
    monkeypatch.setenv("GRADER_EXAM_PASSPHRASE", "short")
    assert refuses(grade("ticket autumn ada"), "at least 12 characters", **USAGE)
    assert not Path("ada.ticket").exists()


def test_a_ticket_in_a_kit_says_what_is_missing(room, grade, monkeypatch, tmp_path):
    kit = shutil.copytree(COURSE, tmp_path / "kit", ignore=shutil.ignore_patterns("solutions"))
    monkeypatch.setenv("GRADER_COURSE", str(kit))
    assert refuses(grade("ticket autumn ada"), "private half of short is not here", **USAGE)
    assert refuses(grade("mock short"), "private half of short is not here", **USAGE)


def test_extend_gives_time_with_a_name_and_a_reason(grade, desk):
    done = grade(["extend", "short-ada", "build", "10m", *WHY])
    assert done.out == "ada: build +600 s, 0:30:00 left\n"
    (event,) = bodies(desk.sitting(), "extend")
    assert (event.data["by"], event.data["reason"]) == ("Dr Hill", "fire alarm")


def test_extend_takes_a_log_file_too_and_whoever_is_logged_in(grade, desk, monkeypatch):
    monkeypatch.setenv("GRADER_STAFF", "Dr Moss")
    assert grade(["extend", desk.log, "build", "90s", "--reason", "x"]).code == 0
    assert bodies(desk.sitting(), "extend")[0].data["by"] == "Dr Moss"


def test_extend_refuses_what_the_rules_refuse(grade, desk, clock):
    assert refuses(grade(["extend", "short-ada", "none", "10m", *WHY]), "has no part none")
    assert refuses(grade(["extend", "short-ada", "build", "25h", *WHY]), "between 1 and 86400")
    assert refuses(grade(["extend", "short-ada", "build", "1m", "--reason", " "]), "Say who")
    clock.advance(1201)
    assert refuses(grade(["extend", "short-ada", "build", "1m", *WHY]), "reopen it instead")
    assert refuses(grade("extend short-ada build 10m"), "--reason", **USAGE)
    for time in ("10", "m", "ten", "-5m", "1.5h"):
        done = grade(["extend", "--reason", "x", "--", "short-ada", "build", time])
        assert refuses(done, "is no time; write 90s, 10m or 1h", **USAGE)
    done = grade(["extend", "none", "build", "1m", *WHY])
    assert refuses(done, "none is no sitting; name a candidate's folder", **USAGE)
    assert refuses(grade(["extend", "short-ada", *WHY]), "say SITTING PART TIME", **USAGE)


def test_extend_all_goes_on_where_one_is_refused(grade, desk, clock, tmp_path):
    other = start(ticket("bob"), tmp_path, clock).sitting()
    other.end("Dr Hill", "unwell")
    done = grade(["extend", "--all", ".", "build", "10m", *WHY])
    assert done.code == 4 and "ada: build +600 s" in done.out
    assert done.err.splitlines() == [
        "short-bob: This sitting is finished; speak to the instructor.",
        "Refused: 1 of 2 were not changed; see above.",
    ]


def test_extend_by_a_table(grade, desk):
    Path("extra.csv").write_text("sitting;part;time\nshort-ada;build;5m\nshort-ada;explain;1m\n")
    done = grade(["extend", "--csv", "extra.csv", *WHY])
    assert done.out.splitlines() == [
        "ada: build +300 s, 0:25:00 left",
        "ada: explain +60 s, 0:11:00 left",
    ]
    Path("extra.csv").write_text("sitting,part,minutes\nshort-ada,build,5\n")
    assert refuses(grade(["extend", "--csv", "extra.csv", *WHY]), "the columns are", **USAGE)


def test_pause_and_resume_stop_and_start_the_time(grade, desk, clock):
    assert "ada: build is paused." in grade(["pause", "short-ada", *WHY]).out
    clock.advance(600)
    assert refuses(grade(["pause", "short-ada", *WHY]), "only an open part can be paused")
    assert "ada: build goes on." in grade(["resume", "short-ada", *WHY]).out
    assert state(desk).part("build").remaining_ns(state(desk).now_ns) == 1200 * 10**9
    assert refuses(grade(["resume", "short-ada", *WHY]), "only a paused part can be resumed")


def test_pause_needs_an_open_part(grade, clock, tmp_path):
    sat(tmp_path, clock, part="")
    assert refuses(grade(["pause", "short-ada", *WHY]), "No part of ada is open")


def test_reopen_end_and_void(grade, desk, clock):
    clock.advance(1300)
    assert (
        "ada: build +300 s, 0:05:00 left" in grade(["reopen", "short-ada", "build", "5m", *WHY]).out
    )
    assert refuses(grade(["reopen", "short-ada", "build", "5m", *WHY]), "still open; close it")
    assert "ada: the sitting is finished." in grade(["end", "short-ada", *WHY]).out
    assert refuses(grade(["end", "short-ada", *WHY]), "This sitting is finished")
    assert "ada: the sitting is void." in grade(["void", "short-ada", *WHY]).out
    assert refuses(grade(["void", "short-ada", *WHY]), "This sitting is void")
    assert state(desk).status == "void"


def test_credit_proposes_the_length_of_an_outage(grade, desk, clock):
    clock.advance(300)
    desk.sitting().beat()
    text = grade("log short-ada").out
    assert "-- outage 1: nothing heard for 0:05:00 in build" in text
    done = grade("credit short-ada --gap 1", "n\n")
    assert "Give 300 s for build, the length of outage 1?" in done.out
    assert not bodies(desk.sitting(), "extend")
    done = grade("credit short-ada --gap 1 --yes --by Hill")
    assert done.out == "ada: build +300 s, 0:20:00 left\n"
    (event,) = bodies(desk.sitting(), "extend")
    assert event.data["reason"] == "outage 1 of 300 s"
    done = grade("credit short-ada --gap 2 --yes")
    assert refuses(done, "there is no outage 2, there are 1", **USAGE)


def test_log_is_for_the_candidate_too(grade, desk, monkeypatch):
    grade(["extend", "short-ada", "build", "10m", *WHY])
    monkeypatch.chdir("short-ada")
    done = grade("log")
    assert done.code == 0 and "extend build +600 s by Dr Hill: fire alarm" in done.out
    monkeypatch.chdir("..")
    assert refuses(grade("log"), "no exam is sat in this folder", **USAGE)


def test_verify_says_sound_or_what_is_wrong(room, grade, clock, monkeypatch):
    grade("ticket autumn ada")
    start(unseal(Path("ada.ticket"), SECRET), Path.cwd(), clock)
    done = grade("verify short-ada --class autumn")
    assert done.code == 0, done
    assert "ada, short, ready: 1 events, 0 saves" in done.out
    assert "short-ada is sound; 0 noted codes compared." in done.out
    assert "Without --class or --key" in grade("verify short-ada").out
    assert grade("verify short-ada --key autumn/candidates/ada.json").code == 0
    done = grade("verify short-ada --key autumn/candidates/bob.json")
    assert done.code == 4 and "short-ada is NOT sound: 2 findings" in done.out
    assert "Event 1: its seal is not the one" in done.out
    assert refuses(grade("verify none.bundle"), "there is no file none.bundle", **USAGE)
    Path("x.bundle").write_text("hello")
    assert refuses(grade("verify x.bundle"), "x.bundle is not a whole bundle")


def test_verify_lists_what_was_done_in_the_name_of_staff(grade, desk):
    grade(["extend", "short-ada", "build", "10m", *WHY])
    grade(["end", "short-ada", "--reason", "unwell", "--by", "Dr Moss"])
    lines = [each for each in grade("verify short-ada").out.splitlines() if "staff" in each]
    assert lines == [
        "in the name of staff, compare with your notes: "
        "#3 extend build +600 s by Dr Hill: fire alarm",
        "in the name of staff, compare with your notes: #4 finish by Dr Moss: unwell",
    ]


def test_anchor_notes_a_code_in_the_log_and_in_the_class(room, grade, clock):
    grade("ticket autumn ada")
    here = start(unseal(Path("ada.ticket"), SECRET), Path.cwd(), clock)
    code = here.sitting().anchor.code
    done = grade(f"anchor short-ada {code.upper()} --class autumn --by Hill")
    assert done.out == f"ada: event 1 has the code {code}.\n"
    assert json.loads(Path("autumn/codes.jsonl").read_text())["code"] == code
    assert "1 noted codes compared" in grade("verify short-ada --class autumn").out
    assert refuses(grade("anchor short-ada 00000000"), "read it once more")
    assert f"anchor code {code} of event 1 was noted by Hill" in grade("log short-ada").out


def test_the_board_shows_every_sitting_and_writes_nothing(grade, desk, clock, tmp_path):
    start(ticket("bob"), tmp_path, clock)
    broken = start(ticket("eve"), tmp_path, clock)
    broken.log.write_bytes(b"rubbish" * 999)
    grade(["extend", "short-ada", "build", "10m", *WHY])
    clock.advance(61)
    before = desk.log.read_bytes()
    out = grade("board . --once").out
    ada, bob, eve = (
        next(row for row in out.splitlines() if each in row) for each in ("ada", "bob", "short-eve")
    )
    code = desk.sitting().anchor
    assert re.search(rf"ada +build +0:28:59 .*{code.seq} {code.code} +\+600 s", ada)
    assert re.search(r"bob +ready", bob) and "UNREADABLE" in eve
    assert desk.log.read_bytes() == before
    (tmp_path / "empty").mkdir()
    assert refuses(grade("board empty"), "empty holds no sitting", **USAGE)


def test_the_board_marks_a_silent_machine(grade, desk, clock):
    desk.sitting().beat()
    clock.advance(44)
    assert "0:00:44 !" not in grade("board short-ada").out
    clock.advance(60)
    assert "0:01:44 !" in grade("board short-ada").out


def test_mock_makes_a_short_sitting_that_does_not_count(grade, monkeypatch):
    done = grade("mock short --minutes 3")
    assert "3 minutes for all parts; nothing runs yet, and nothing counts." in done.out
    assert "Next: cd short-mock, then: grade exam open build" in done.out
    monkeypatch.chdir("short-mock")
    assert grade("open build --yes").code == 0 and Path("build.py").exists()
    out = grade("status").out
    assert "short, mock: running (practice, it does not count)" in out and "0:02:00" in out
    monkeypatch.chdir("..")
    assert refuses(grade("mock short"), "short-mock is here already")


def test_times_are_written_with_a_unit():
    assert [exam_staff.seconds(each) for each in ("90s", "10m", "1h")] == [90, 600, 3600]


def test_help_of_the_exam_loads_nothing_heavy():
    heavy = ("torch", "pytest", "hypothesis", "rich", "cryptography", "sqlite3", "matplotlib")
    program = (
        "import sys\nfrom grader.cli import cli\n"
        "for args in (['--help'], ['exam', '--help'], ['exam', 'watch', '--help']):\n"
        "    try: cli(args, standalone_mode=False)\n"
        "    except SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr


def test_the_keeper_loads_nothing_heavy(tmp_path):
    heavy = ("torch", "pytest", "hypothesis", "rich", "cryptography", "click")
    program = f"import sys, grader.exam.keeper\nprint([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
