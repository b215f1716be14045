"""What a slot shares between learners, and that nothing of one is left for the next."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import COURSE
from leftovers import below, ended, own

from grader import engine
from grader.bulk.slot import grade
from grader.model import GraderFault, Status

LEAVES = """
import os, socket, subprocess, sys, threading, time
import torch

def leave():
    for folder in ("/tmp", "/dev/shm", "."):
        try:
            os.makedirs(f"{folder}/left/deep", exist_ok=True)
            open(f"{folder}/left/deep/note", "w").write("the answer")
            open(f"{folder}/.hidden", "w").write("the answer")
            os.symlink("/etc/passwd", f"{folder}/link")
            os.mkfifo(f"{folder}/pipe")
        except OSError:
            pass
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                listener = socket.socket(socket.AF_UNIX)
                try:
                    listener.bind("\\0left-by-the-last-learner")
                    listener.listen()
                except OSError:
                    pass
                torch.softmax = lambda x, dim: x
                kept = bytearray(50 << 20)
                time.sleep(600)
            os._exit(0)
    os.environ["LEFT"] = sys.modules["left"] = "the answer"
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()

leave()

def softmax(x, dim=-1):
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
"""
MOUNTED = [str(path) for path in Path(__file__).parents if str(path.parent) == "/tmp"]
"""What the box itself has in /tmp, where this repository lies there."""
LOOKS = (
    f"""
import os, socket, sys
MOUNTED = {MOUNTED}
"""
    + """

def found():
    seen = [f"{folder}/{name}" for folder in ("/tmp", "/dev/shm") for name in os.listdir(folder)]
    seen = [path for path in seen if path not in MOUNTED]
    seen += [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 1
             and int(name) != os.getpid()]
    seen += [name for name in ("LEFT",) if name in os.environ]
    seen += [name for name in ("left",) if name in sys.modules]
    try:
        socket.socket(socket.AF_UNIX).connect("\\0left-by-the-last-learner")
        seen.append("a listener")
    except OSError:
        pass
    return seen

seen = found()
assert not seen, f"left behind: {seen}"

def softmax(x, dim=-1):
    assert not found(), found()
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
"""
)
UNCLEANABLE = """
import os
os.makedirs("/tmp/left/deep")
os.chmod("/tmp/left", 0)
raise ValueError("gone")
"""


@pytest.fixture(scope="module")
def lax(softmax):
    """The exercise with room for what LEAVES keeps."""
    limits = softmax.limits.model_copy(update={"memory_mb": 2048})
    return softmax.model_copy(update={"limits": limits})


@pytest.fixture(autouse=True)
def no_rules_for_the_source(monkeypatch):
    """The box has to hold alone."""
    monkeypatch.setattr(engine, "judge_source", lambda *_: ())


def test_whatever_one_learner_leaves_the_next_finds_nothing(warm, lax, source):
    first = grade(lax, source(LEAVES), warm, "ada")
    box = warm.box(lax)
    processes = own(box)
    second = grade(lax, source(LOOKS), warm, "bob")
    assert second.passed, [each.message for each in second.outcomes]
    assert (
        warm.box(lax) is box and own(box) == processes and set(below(box._process.pid)) <= processes
    )
    assert first.outcomes[0].status is Status.PASSED


def test_the_one_who_looks_finds_what_is_left_within_one_check(warm, lax, source):
    """The control: LOOKS can see what LEAVES leaves, where nothing cleans up between them."""
    both = LEAVES.replace("\nleave()\n", "\n") + "\nleave()\ntime.sleep(0.3)\n" + LOOKS
    load = grade(lax, source(both), warm, "ada").outcomes[0]
    assert load.status is Status.ERROR
    for sign in ("/tmp/left", "/dev/shm/left", "LEFT", "a listener"):
        assert sign in load.message


def test_a_box_that_cannot_be_cleaned_is_replaced_for_the_next_learner(warm, lax, source):
    grade(lax, source(LOOKS), warm, "ada")
    before = own(warm.box(lax))
    assert not grade(lax, source(UNCLEANABLE), warm, "eve").passed
    assert grade(lax, source(LOOKS), warm, "bob").passed
    assert not before & own(warm.box(lax)) and all(map(ended, before))


def test_a_box_that_was_killed_is_replaced_for_the_next_learner(warm, softmax, softmax_reference):
    assert grade(softmax, softmax_reference, warm, "ada").passed
    os.kill(warm.box(softmax)._process.pid, signal.SIGKILL)
    assert grade(softmax, softmax_reference, warm, "bob").passed


def test_a_verdict_does_not_depend_on_who_was_graded_before(warm, lax, source, isolation):
    wrong = source((lax.solution / "mistakes/ignores_dim.py").read_text())
    grade(lax, source(LEAVES), warm, "ada")
    after = grade(lax, wrong, warm, "bob")
    assert said(after) == said(engine.grade(lax, wrong, isolation, learner="bob"))
    assert not after.passed


def said(verdict):
    """All but what time and memory it took."""
    taken = {"seconds": 0, "cpu_s": 0, "peak_mb": 0}
    return [each.model_copy(update=taken) for each in verdict.outcomes], verdict.seed


@pytest.fixture
def slot(isolation):
    command = [sys.executable, "-P", "-m", "grader.bulk.slot", str(COURSE), isolation.level.value]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        yield process
        process.kill()


def ask(slot, reference, **changes):
    content = base64.b64encode(reference.content).decode()
    work = {"exercise": "softmax", "learner": "李雷", "name": "softmax.py", "note": ""}
    slot.stdin.write(json.dumps(work | {"content": content} | changes).encode() + b"\n")
    slot.stdin.flush()


def test_a_slot_answers_a_line_for_a_line_and_leaves_when_no_more_can_come(slot, softmax_reference):
    assert json.loads(slot.stdout.readline()) == {"ready": True}
    ask(slot, softmax_reference)
    verdict = json.loads(json.loads(slot.stdout.readline())["verdict"])
    assert verdict["passed"] and verdict["learner"] == "李雷"
    boxes = below(slot.pid)
    assert boxes
    slot.stdin.close()
    assert slot.wait(60) == 0
    assert all(map(ended, boxes))


HOLDER = """
import subprocess, sys, time
slot = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
slot.stdout.readline()
slot.stdin.write(sys.stdin.buffer.readline())
slot.stdin.flush()
print(slot.pid, flush=True)
time.sleep(600)
"""


def test_a_slot_and_its_box_die_with_whoever_started_it(isolation, source):
    """Also in the middle of a submission that would take minutes."""
    command = [sys.executable, "-P", "-m", "grader.bulk.slot", str(COURSE), isolation.level.value]
    program = [sys.executable, "-c", HOLDER, *command]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(program, **pipes) as holder:
        ask(holder, source("while True: pass\n"))
        pid = int(holder.stdout.readline())
        while not (boxes := below(pid)):
            time.sleep(0.05)
        holder.kill()
    assert ended(pid) and all(map(ended, boxes))


def test_a_fault_gives_the_next_learner_another_box(monkeypatch, warm, softmax, softmax_reference):
    def broken(*_, **__):
        raise GraderFault("unfit")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "grade", broken)
        with pytest.raises(GraderFault):
            grade(softmax, softmax_reference, warm, "ada")
    first = warm.box(softmax)
    warm.close()
    assert grade(softmax, softmax_reference, warm, "bob").passed
    assert warm.box(softmax) is not first


def test_the_slots_know_the_courses_place(isolation):
    from grader.bulk.supervisor import command

    assert command(Path("/c"), isolation)[1:] == [
        *("-P", "-m", "grader.bulk.slot", "/c", isolation.level.value)
    ]
