"""What a check took, and how a learner reads that it took too much."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sample_verdicts as sample
import torch
from conftest import LEVELS
from rich.console import Console

from grader import box, bubblewrap, judging, report, zygote
from grader.box import Box
from grader.model import GraderFault, Level, Limits, Status
from grader.proxy import Submission, SubmissionEnded, SubmissionError

LIMITS = Limits(cpu_s=2, wall_s=10, memory_mb=700)
CGROUP = Path("/sys/fs/cgroup/memory")


@pytest.fixture(scope="module", params=LEVELS, ids=str)
def warm(request):
    if request.param is Level.STRICT and bubblewrap.refusal():
        pytest.skip(bubblewrap.refusal())
    with Box(box.isolation(request.param), LIMITS) as warm:
        yield warm


def ended(warm, source, **changes):
    """What the learner reads of a call `f()`, and what it took."""
    limits, error = LIMITS.model_copy(update=changes), None
    with warm.run(limits) as run:
        try:
            Submission(run, "a.py", source).f()
        except (SubmissionEnded, SubmissionError) as caught:
            error = caught
    return *judging.judge(error, run.facts, limits), run.facts


WORKERS = """
import os, time
def f():
    ended, theirs = os.pipe()
    for n in range({count}):
        if os.fork() == 0:
            if {orphans} and os.fork():
                os._exit(0)
            end = time.process_time() + {seconds}
            while time.process_time() < end:
                pass
            os._exit(0)
    os.close(theirs)
    os.read(ended, 1)
    if {wait}:
        os.wait(), os.wait()
"""


@pytest.mark.parametrize(
    ("orphans", "wait"),
    [(False, True), (False, False), (True, False)],
    ids=["waited for", "zombies", "orphans"],
)
def test_cpu_seconds_of_workers_are_counted(warm, orphans, wait):
    source = WORKERS.format(count=2, orphans=orphans, wait=wait, seconds=0.3)
    status, _, facts = ended(warm, source)
    assert status is Status.PASSED and 0.6 <= facts.cpu_s < 1.5


def test_workers_together_get_no_more_cpu_seconds_than_one_process(warm):
    spin = WORKERS.format(count=4, orphans=False, wait=True, seconds=60)
    status, message, facts = ended(warm, spin, cpu_s=1, wall_s=120)
    assert (status, message) == (Status.TIMEOUT, "stopped: used more than 1 CPU seconds")
    assert facts.cpu_s < 8


def test_a_sleeper_reads_how_long_it_had(warm):
    status, message, _ = ended(warm, "import time\ndef f(): time.sleep(60)", wall_s=0.5)
    assert (status, message) == (Status.TIMEOUT, "stopped after 0.5 s without an answer")


SLOWLY = """
import os, time
def f():
    if os.fork() == 0:
        kept = []
        while True:
            kept.append(os.urandom(1 << 22))
            time.sleep(0.01)
    kept = []
    while True:
        kept.append(os.urandom(1 << 22))
        time.sleep(0.01)
"""
AT_ONCE = "import torch\ndef f(): return torch.ones(1 << 30)"
PYTHON = "def f(): return bytearray(2 << 30)"
NUMPY = "import numpy\ndef f(): return numpy.ones(1 << 30)"
SYSTEM = "import mmap\ndef f(): return mmap.mmap(-1, 2 << 30, flags=mmap.MAP_PRIVATE)"
CPP = """
import ctypes
def f():
    new = ctypes.CDLL("libstdc++.so.6")._Znwm
    new.argtypes = [ctypes.c_size_t]
    return new(2 << 30)
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SLOWLY, "killed: needed more than 700 MB"),
        (AT_ONCE, "f ran out of memory: the limit is 700 MB"),
        (PYTHON, "f ran out of memory: the limit is 700 MB"),
        (NUMPY, "f ran out of memory: the limit is 700 MB"),
        (SYSTEM, "f ran out of memory: the limit is 700 MB"),
        (CPP, "killed: needed more than 700 MB"),
    ],
    ids=["two processes, slowly", "torch", "python", "numpy", "mmap", "C++"],
)
def test_too_much_memory_is_told_as_such(warm, source, words):
    status, message, _ = ended(warm, source, cpu_s=20)
    assert (status, message) == (Status.MEMORY, words)


def test_a_crash_or_a_kill_is_not_taken_for_a_lack_of_memory(warm):
    abort, kill = "import os\ndef f(): os.abort()", "import os\ndef f(): os.kill(os.getpid(), 9)"
    for source, word in ((abort, "aborted"), (kill, "was killed")):
        status, message, facts = ended(warm, source)
        assert status is Status.KILLED and word in message and not facts.over_memory


@pytest.fixture
def little_memory():
    """A memory cgroup of 500 MB that the box enters, and that the kernel kills in."""
    place = CGROUP / f"grader-test-{os.getpid()}"
    try:
        place.mkdir()
        (place / "memory.limit_in_bytes").write_text(str(500 << 20))
    except OSError:
        pytest.skip("no memory cgroup of our own can be made here")
    yield place
    for pid in (place / "cgroup.procs").read_text().split():
        (CGROUP / "cgroup.procs").write_text(pid)
    place.rmdir()


@pytest.mark.parametrize("level", LEVELS)
def test_a_machine_without_memory_is_our_fault(little_memory, level):
    limits = Limits(memory_mb=2000, wall_s=30)
    hungry = "import os\ndef f():\n    kept = []\n    while True: kept.append(os.urandom(1 << 22))"
    with Box(box.isolation(level), limits) as warm:
        with warm.run():
            pass
        (little_memory / "cgroup.procs").write_text(str(zygote_of(warm)))
        with pytest.raises(GraderFault, match="this machine ran out of memory"):  # noqa: SIM117
            with warm.run() as run, pytest.raises(SubmissionEnded):
                Submission(run, "a.py", hungry).f()
        with warm.run() as run:
            assert Submission(run, "a.py", "def f(): return 1").f() == 1


def test_a_box_that_has_been_in_use_answers_as_a_new_one(warm):
    program = "import torch\ndef f(): return torch.randn(3), torch.ones(9, 9) @ torch.ones(9)"
    answers = []
    for _ in range(zygote.MANY + 2):
        with warm.run(seed=5) as run:
            answers.append(Submission(run, "a.py", program).f())
        assert run.facts.peak_mb < LIMITS.memory_mb
    for numbers, products in answers:
        assert torch.equal(numbers, answers[0][0]) and torch.equal(products, torch.full((9,), 9.0))


def zygote_of(warm):
    pid = warm._process.pid
    if warm.isolation.level is Level.BASIC:
        return pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def text_of(verdict, **options):
    out = io.StringIO()
    report.print_verdict(verdict, Console(file=out, width=80), **options)
    return out.getvalue()


TOOK = {"seconds": 1.25, "cpu_s": 0.5, "peak_mb": 1312.4}
FINE = sample.passed("check_fine", "It is fine.", **TOOK)
SLOW = sample.failed("check_slow", "It is fast.", **TOOK | {"status": Status.TIMEOUT})
DATA = sample.passed("check_data", "It is data.")


def test_what_a_check_took_is_shown_on_demand_and_where_a_limit_was_hit():
    took = "took 1.2 s, 0.50 CPU s, 1,312 MB"
    verdict = sample.verdict("softmax", "basics", "Softmax", FINE, SLOW, DATA)
    assert text_of(verdict).count(took) == 1
    assert text_of(verdict, verbose=True).count(took) == 2
    page = report.as_html([verdict], "A course")
    assert page.count("1.2 s, 0.50 CPU s, 1,312 MB") == 3  # two in the record, one beside the limit
    assert page.count("<dt>check_fine</dt>") == 1 and "<dt>check_data</dt>" not in page
    assert '"peak_mb": 1312.4' in report.as_json([verdict])


def test_what_is_imported_is_not_searched_for_garbage():
    """In a process of its own: torch, pytest and hypothesis alone are some 200,000 objects."""
    program = "import gc, grader.engine; print(gc.get_freeze_count())"
    run = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    assert int(run.stdout) > 100_000, run.stderr
