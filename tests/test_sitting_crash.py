"""kill -9 at random moments: what was acknowledged is there. SITTING_KILLS asks for more."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from sample_sitting import KEY, WHY, Desk

from grader.sitting import Refused, Sitting, SystemClock, log, rules
from grader.sitting.chain import unpack

KILLS = int(os.environ.get("SITTING_KILLS", 10))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def work_until_killed(desk, told):
    """Save, submit and reopen without end; say the number of each event once it is written."""
    sitting, n = desk.again(), 0
    while True:
        n += 1
        desk.write(f"{os.getpid()} {n} " * 3000)
        desk.clock.advance(1)
        sitting.snapshot("build")
        os.write(told, b"%d\n" % sitting.log.seq)
        if n % 5 == 0:
            for command in (sitting.submit, lambda part: sitting.reopen(part, 600, **WHY)):
                command("build")
                os.write(told, b"%d\n" % sitting.log.seq)


def killed(desk, after_s):
    """The last event that a process acknowledged before it was killed."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(heard)
            work_until_killed(desk, told)
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(heard, "rb") as lines:
        first = lines.readline()
        time.sleep(after_s)  # the moment of the kill is the point; nothing waits for anything
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "it ended by itself"
        whole = [line for line in [first, *lines] if line.endswith(b"\n")]
    return int(whole[-1])


def test_no_acknowledged_event_is_lost_to_a_kill(tmp_path):
    desk, draw = Desk(tmp_path / "desk"), random.Random(0)
    desk.sitting.open("build")
    desk.sitting.close()
    kept, hot = 0, 0
    for _ in range(KILLS):
        acknowledged = killed(desk, draw.uniform(0, 0.06))
        journal = desk.path.with_name(desk.path.name + "-journal")
        hot += journal.exists() and journal.stat().st_size > 0
        desk.restart()
        held = desk.sitting.log
        assert held.verify(KEY) == []
        assert rules.fold(unpack(row.body)[0] for row in held.rows()) == desk.sitting.state
        extra = held.seq - acknowledged
        assert 0 <= extra <= 1
        kept += extra
        if desk.sitting.state.part("build").status == "closed":
            desk.sitting.reopen("build", 600, **WHY)
        desk.sitting.close()
    print(f"{KILLS} kills, {held.seq} events, {kept} written but not acknowledged, {hot} mid-write")


def beat_until(path, times):
    """So many beats beside other processes that do the same; a refusal means: once more."""
    sitting = Sitting(path, clock=SystemClock())
    while times:
        try:
            sitting.beat()
            times -= 1
        except Refused as refusal:
            assert "try again" in str(refusal)


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "SYNCHRONOUS", "OFF")
    desk = Desk(tmp_path / "desk")
    desk.sitting.close()
    Sitting(desk.path, clock=SystemClock()).close()
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            try:
                beat_until(desk.path, 40)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    sitting = Sitting(desk.path, clock=SystemClock())
    kinds = [unpack(row.body)[0].kind for row in sitting.log.rows()]
    assert kinds == ["create", "attach", *["beat"] * 120]
    assert sitting.log.verify(KEY) == []
