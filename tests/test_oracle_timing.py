from __future__ import annotations

from contextlib import contextmanager

import pytest

from grader import box
from grader.box import Box
from grader.model import Level, Limits
from grader.oracle import cpu_seconds
from grader.proxy import Submission

SPIN = """
import time

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def sleep(seconds):
    time.sleep(seconds)

def lie():
    time.process_time = lambda: 0.0
"""


@pytest.fixture
def fresh():
    with Box(box.isolation(Level.BASIC), Limits()) as opened:

        @contextmanager
        def one():
            with opened.run() as run:
                yield Submission(run, "a.py", SPIN)

        yield one


def test_cpu_time_is_counted_and_waiting_is_not(fresh):
    busy, idle = cpu_seconds(fresh, lambda s: s.spin(0.3), lambda s: s.sleep(0.3), rounds=1)
    assert 0.3 <= busy < 1
    assert idle < 0.2


def test_a_submission_cannot_tell_how_long_it_took(fresh):
    def job(submission):
        submission.spin(0.3)
        submission.lie()

    [told] = cpu_seconds(fresh, job, rounds=1)
    assert told >= 0.3


def test_the_median_counts_and_the_jobs_take_turns():
    spent = iter([1.0, 10.0, 9.0, 30.0, 2.0, 20.0])
    order = []

    @contextmanager
    def fresh():
        class Ended:
            pass

        ended = Ended()
        yield ended
        ended.spent = next(spent)

    first, second = (lambda _, name=name: order.append(name) for name in "ab")
    assert cpu_seconds(fresh, first, second, rounds=3) == [2.0, 20.0]
    assert "".join(order) == "ababab"


def test_a_process_that_still_runs_has_spent_nothing_yet(fresh):
    with fresh() as submission:
        submission.spin(0.05)
        assert submission.spent == 0
    assert submission.spent >= 0.05
