"""The slots here are tests/fake_slot.py, which starts in a moment and grades nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest
from leftovers import ended

from grader.bulk import supervisor
from grader.bulk.intake import File, Work
from grader.model import GraderFault

HERE = Path(__file__).parent


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def command(log):
    return [sys.executable, "-S", str(HERE / "fake_slot.py"), str(log), "{}"]


@pytest.fixture
def works(tmp_path, softmax):
    """Work for each text: works("pass", "die", ...); the learners are numbered."""

    def make(*texts):
        made = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.py"
            path.write_text(text)
            made.append(Work(f"learner{number}", softmax, File(PurePosixPath("x.py"), path), ""))
        return made

    return make


def run(works, command, slots=1):
    with Path(os.devnull).open("ab") as stderr:
        return [*supervisor.grade(works, slots, command, stderr)]


def lines(log):
    return [line.split(maxsplit=1) for line in log.read_text().splitlines()]


def test_every_work_comes_to_a_verdict_of_its_learner(works, command, log):
    done = run(works("a", "b", "c"), command)
    assert [(each.verdict.learner, each.fault) for each in done] == [
        ("learner0", ""),
        ("learner1", ""),
        ("learner2", ""),
    ]
    assert [what for _, what in lines(log)] == ["start", *(f"learner{n} softmax" for n in range(3))]


def test_several_slots_share_the_work_and_none_does_what_another_did(works, command, log):
    done = run(works(*"abcdefgh"), command, slots=3)
    assert sorted(each.work.learner for each in done) == [f"learner{n}" for n in range(8)]
    assert len([what for _, what in lines(log) if what != "start"]) == 8
    assert len({pid for pid, _ in lines(log)}) == 3


def test_a_slot_that_dies_is_replaced_and_its_submission_tried_once_more(works, command, tmp_path):
    first, second, third = run(works("a", f"die once {tmp_path / 'mark'}", "b"), command)
    assert all(each.verdict for each in (first, second, third))


def test_a_submission_that_ends_its_slot_twice_is_a_fault_of_that_one_alone(works, command, log):
    first, second, third = run(works("a", "die", "b"), command)
    assert first.verdict and third.verdict and second.verdict is None
    assert second.fault == ("the process that graded it ended with code 7; slots.log may say why")
    assert [what for _, what in lines(log)].count("learner1 softmax") == supervisor.TRIES


def test_a_fault_of_the_machine_is_tried_once_more_in_the_same_slot(works, command, log):
    (done, after) = run(works("fault", "a"), command)
    assert (done.verdict, done.fault) == (None, "the machine is unfit")
    assert after.verdict and len({pid for pid, _ in lines(log)}) == 1


def test_a_slot_is_renewed_after_some_submissions(works, command, log, monkeypatch):
    monkeypatch.setattr(supervisor, "RECYCLE", 2)
    assert len(run(works(*"abcde"), command)) == 5
    assert [what for _, what in lines(log)].count("start") == 3


def test_a_slot_that_cannot_start_ends_the_run_and_not_each_submission(works):
    with pytest.raises(GraderFault, match=r"a slot did not start: .* ended with code 3"):
        run(works(*"abc"), [sys.executable, "-S", "-c", "raise SystemExit(3)"])
    with pytest.raises(GraderFault, match="a slot could not be started: No such file"):
        run(works("a"), ["/no/such/program"])


def test_a_file_that_vanished_meanwhile_is_told_and_the_rest_graded(works, command, tmp_path):
    made = works("a", "b")
    (tmp_path / "0.py").unlink()
    gone, fine = run(made, command)
    assert gone.fault.startswith("it changed meanwhile: there is no file x.py;")
    assert fine.verdict


def test_who_stops_listening_ends_the_slots_at_once(works, command, log):
    with Path(os.devnull).open("ab") as stderr:
        began = time.monotonic()
        with closing(supervisor.grade(works("a", "hang"), 1, command, stderr)) as stream:
            assert next(stream).verdict
        assert time.monotonic() - began < 60
    assert all(ended(int(pid)) for pid, _ in lines(log))


KILLED = """
import sys
from pathlib import PurePosixPath, Path
from grader.bulk import supervisor
from grader.bulk.intake import File, Work
from grader.catalogue import load
softmax = load(Path(sys.argv[1])).exercises[0]
work = Work("ada", softmax, File(PurePosixPath("x.py"), Path(sys.argv[2])), "")
print("ready", flush=True)
for done in supervisor.grade([work], 1, sys.argv[3:], sys.stderr.buffer):
    print(done)
"""


def test_slots_die_with_a_supervisor_that_is_killed(command, log, tmp_path):
    """The real slot asks the kernel for it; this one sees that its stdin ends."""
    (tmp_path / "x.py").write_text("a")
    program = [sys.executable, "-c", KILLED, str(HERE / "course"), str(tmp_path / "x.py")]
    waiting = [sys.executable, "-S", "-c", WAITING, str(log)]
    with subprocess.Popen([*program, *waiting], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        while not (log.exists() and log.read_text().endswith("\n")):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert ended(int(log.read_text()))


WAITING = """
import os, sys
open(sys.argv[1], "w").write(f"{os.getpid()}\\n")
sys.stdin.read()
"""
