"""`grade bulk`, `grade regrade` and `grade merge` as typed; the slots are tests/fake_slot.py."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from class_commands import DRIVER, FAKE, at_home, graded, hand_in, recorded, rest_on, typed
from conftest import COURSE
from leftovers import ended

from grader import ledger
from grader.box import isolation as isolation_of
from grader.bulk.results import Results
from grader.model import Isolation, Level

NAMES = ("ada", "bob", "李雷", "Žofia", "عمر")


@pytest.fixture
def grade(tmp_path, monkeypatch, capsys):
    at_home(tmp_path, monkeypatch)
    return typed(monkeypatch, capsys)


def test_a_class_is_graded_and_summed_up(grade):
    hand_in(*NAMES)
    said = grade("bulk", "class", "-j", "2")
    assert recorded() == sorted(NAMES)
    assert re.search(r"softmax +5 +100% +10.0/10", said)
    table = Path("class-results/summary.csv").read_text("utf-8-sig")
    assert table.startswith("learner,softmax,total,note\n") and "李雷,10,10,\n" in table
    assert "5 learners" in Path("class-results/summary.html").read_text("utf-8")


def test_a_second_run_grades_nothing_twice(grade):
    hand_in("ada", "bob")
    grade("bulk", "class", "-j", "1")
    grade("bulk", "class", "-j", "1")
    hand_in("eve")
    grade("bulk", "class", "-j", "1")
    assert graded() == ["ada", "bob", "eve"]
    assert recorded() == ["ada", "bob", "eve"]


def test_what_is_wrong_with_some_is_said_and_the_others_are_graded(grade):
    hand_in("ada", "bob")
    Path("class/mallory.zip").write_bytes(b"PK\3\4 broken")
    with zipfile.ZipFile("class/bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("softmax.py", bytes(200 << 20))
    with zipfile.ZipFile("class/bob.zip", "w") as twice:
        twice.writestr("softmax.py", "pass")
    Path("class/eve").mkdir()
    grade("bulk", "class")
    assert recorded() == ["ada"]
    whys = dict(Results(Path("class-results")).troubles())
    assert whys.keys() == {"mallory", "bomb", "bob", "eve"}
    assert "unpacks to more than 1 MB" in whys["bomb"]
    grade("bulk", "class", "--strict", code=1)


def test_marks_decide_the_exit_code_only_when_asked(grade):
    hand_in("ada")
    grade("bulk", "class", "--strict")
    hand_in("bob", text="die")
    grade("bulk", "class", code=3)
    assert recorded() == ["ada"]
    (trouble,) = Results(Path("class-results")).troubles()
    assert trouble.why.startswith("softmax: the process that graded it ended with code 7")


def test_an_empty_folder_or_none_is_wrong_usage(grade):
    Path("class").mkdir()
    grade("bulk", "class", code=2, start="Error: class holds no submissions")
    grade("bulk", "gone", code=2, start="Error: gone cannot be read: No such file")
    hand_in("ada")
    grade("bulk", "class", "-o", "class/out", code=2, start="Error: put the results beside class")
    for shard in ("0/2", "3/2", "1", "a/b", "1/0"):
        grade("bulk", "class", "--shard", shard, code=2, start="Error: Invalid value for '--shard'")


def test_nothing_is_graded_where_nothing_is_isolated_unless_that_is_allowed(grade, monkeypatch):
    hand_in("ada")
    monkeypatch.setattr("grader.box.isolation", lambda _: Isolation(level=Level.BASIC))
    grade("bulk", "class", code=3, start="Grader fault: nothing is isolated on this machine")
    assert not Path("class-results").exists()
    grade("bulk", "class", "--allow-unsandboxed")
    assert recorded() == ["ada"]


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(grade, monkeypatch):
    hand_in(*"abcdef")
    write, room = ledger.write_new, iter("..")

    def full(path, text):
        if next(room, None) is None:
            raise OSError(28, "No space left on device")
        write(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write_new", full)
        start = "Grader fault: The results in class-results cannot be written: No space left"
        grade("bulk", "class", "-j", "1", code=3, start=start)
    assert len(recorded()) == 2
    grade("bulk", "class", "-j", "1")
    assert recorded() == [*"abcdef"]


def test_shards_grade_everybody_once_and_merge_to_the_whole(grade):
    hand_in(*NAMES)
    for part in (1, 2):
        grade("bulk", "class", "--shard", f"{part}/2", "-o", f"part{part}")
    assert sorted(graded()) == sorted(NAMES)
    assert {*recorded("part1")} and {*recorded("part1")} | {*recorded("part2")} == {*NAMES}
    grade("merge", "part1", "part2", "-o", "whole", start="5 of 5 records are new in whole")
    grade("merge", "part1", "part2", "-o", "whole", start="0 of 5 records are new in whole")
    assert recorded("whole") == sorted(NAMES)
    grade("bulk", "class", "-o", "whole")
    assert len(graded()) == len(NAMES)


def test_only_what_changed_is_regraded_when_asked(grade, monkeypatch):
    hand_in("ada", "bob")
    grade("regrade", "class", code=2, start="Error: class-results holds no results yet")
    grade("bulk", "class")
    grade("regrade", "class", "--changed", start="0 moved, 0 were graded again and stayed.")
    rest_on(monkeypatch, {"checks.py": "2"})
    Path("class/bob/softmax.py").write_text("other")
    grade("regrade", "class", "--changed", start="0 moved, 2 were graded again and stayed.")
    assert sorted(graded()) == ["ada", "ada", "bob", "bob"]
    assert recorded() == ["ada", "ada", "bob", "bob"]


def test_all_or_those_who_are_named_are_regraded(grade):
    hand_in("ada", "bob", "eve")
    grade("bulk", "class", "-j", "1")
    grade("regrade", "class", "bob", "-j", "1", start="0 moved, 1 were graded again and stayed.")
    grade("regrade", "class", "softmax", "ada", "-j", "1", start="0 moved, 1 were graded again")
    grade("regrade", "class", "sums", start="0 moved, 0 were graded again and stayed.")
    grade("regrade", "class", "-j", "1", start="0 moved, 3 were graded again and stayed.")
    assert graded() == ["ada", "bob", "eve", "bob", "ada", "ada", "bob", "eve"]
    grade("regrade", "class", "mallory", code=2, start="Error: `mallory` is no learner who handed")


def test_who_is_not_regraded_but_should_be_graded_is_told(grade):
    hand_in("ada")
    grade("bulk", "class")
    hand_in("bob")
    grade("regrade", "class", "ada")
    (trouble,) = Results(Path("class-results")).troubles()
    assert trouble == ("bob", "softmax: not graded yet; use `grade bulk`.")


def test_who_moved_is_printed_with_the_reason(grade, monkeypatch):
    hand_in("ada", text="wrong")
    hand_in("bob")
    grade("bulk", "class")
    rest_on(monkeypatch, {"checks.py": "2"})
    Path("class/ada/softmax.py").write_text("pass")
    grade("regrade", "class", "--changed", start="ada  softmax  0 -> 10  (another submission)\n1")
    Path("class/ada/softmax.py").write_text("wrong")
    grade("bulk", "class")
    monkeypatch.setattr("grader.bulk.results.Results._why", lambda *_: "checks.py")
    Path("class/ada/softmax.py").write_text("pass")
    grade("regrade", "class", "--changed", start="ada  softmax  0 -> 10  (checks.py)\n1 moved, 0")


def test_history_stays_when_all_is_graded_again(grade):
    hand_in("ada")
    grade("bulk", "class")
    before = {path: path.read_bytes() for path in Path("class-results/results").iterdir()}
    grade("regrade", "class")
    after = {path: path.read_bytes() for path in Path("class-results/results").iterdir()}
    assert before.items() < after.items() and len(after) == 2


def test_two_runs_into_one_folder_are_refused_with_a_clear_sentence(grade, tmp_path):
    hand_in("ada")
    hand_in("bob", text="hang")
    program = [sys.executable, "-c", DRIVER, FAKE, "bulk", "class", "-j", "1"]
    environment = {**os.environ, "GRADER_COURSE": str(COURSE)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(program, env=environment, **silent) as process:
        while graded() != ["ada", "bob"]:
            assert process.poll() is None
            time.sleep(0.05)
        refused = rf"Error: another run is at work in class-results (process {process.pid} on"
        for words in (["bulk", "class"], ["regrade", "class"], ["report", "class-results"]):
            grade(*words, code=2, start=refused)
        grade("merge", "class-results", "-o", "class-results", code=2, start=refused)
        process.send_signal(signal.SIGKILL)
    assert graded() == ["ada", "bob"]
    Path("class/bob/softmax.py").write_text("pass")
    grade("bulk", "class")
    assert "ada" in recorded() and "bob" in recorded()


def test_a_run_that_is_killed_goes_on_and_records_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"learner{n:02}" for n in range(20)]
    hand_in(*names, text="slow")
    program = [sys.executable, "-c", DRIVER, FAKE, "bulk", "class", "-j", "2"]
    environment = {**os.environ, "GRADER_COURSE": str(COURSE)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for enough in (5, 12):
        with subprocess.Popen(program, env=environment, **silent) as process:
            while len([*Path("class-results").glob("results/*.json")]) < enough:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        pids = {int(line.split()[0]) for line in Path("log").read_text().splitlines()}
        assert all(map(ended, pids))
    subprocess.run(program, env=environment, check=True, **silent)
    assert recorded() == names
    under_way = 2 * 2  # in each of two slots: one that is graded, and one not recorded yet
    assert len(graded()) <= len(names) + 2 * under_way


def test_an_interrupt_ends_the_slots_and_keeps_what_is_graded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hand_in("ada")
    hand_in("bob", text="hang")
    program = [sys.executable, "-c", DRIVER, FAKE, "bulk", "class", "-j", "1"]
    environment = {**os.environ, "GRADER_COURSE": str(COURSE)}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, env=environment, **pipes) as process:
        while graded() != ["ada", "bob"] or not recorded():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().endswith("Interrupted.\n")
    assert process.returncode == 130
    (pid,) = {int(line.split()[0]) for line in Path("log").read_text().splitlines()}
    assert ended(pid) and recorded() == ["ada"]


def test_a_class_is_graded_in_real_boxes(tmp_path, monkeypatch, capsys):
    """The one test here with real slots: right, wrong, data, forbidden, and one that crashes."""
    if isolation_of().level is Level.BASIC:
        pytest.skip("nothing is isolated here")
    monkeypatch.chdir(tmp_path)
    solution = COURSE / "solutions/basics/softmax"
    hand_in("right", text=(solution / "reference.py").read_text())
    hand_in("wrong", text=(solution / "mistakes/ignores_dim.py").read_text())
    hand_in("rule", text="import torch\nsoftmax = torch.softmax\n")
    hand_in("crash", text="import torch\nraise SystemExit(0)\n")
    Path("class/right/sums.yaml").write_text("{}\n")
    grade = typed(monkeypatch, capsys)
    grade("bulk", "class", "-j", "1", "--course", str(COURSE))
    rows = Path("class-results/summary.csv").read_text("utf-8-sig").splitlines()
    assert rows == [
        "learner,softmax,sums,total,note",
        *("crash,0,,0,", "right,10,0,10,", "rule,0,,0,", "wrong,6.67,,6.67,"),
    ]
    assert "It normalises along the last axis" in Path("class-results/summary.html").read_text()
    before = recorded()
    grade("bulk", "class", "-j", "1", "--course", str(COURSE))
    assert recorded() == before == ["crash", "right", "right", "rule", "wrong"]
