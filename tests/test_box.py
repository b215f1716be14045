"""What the box promises, tried from inside and looked at from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import LEVELS, as_ordinary_user

from grader import box, bubblewrap, selfcheck
from grader.box import Box
from grader.model import GraderFault, Level, Limits, UsageError
from grader.proxy import Submission, SubmissionEnded, SubmissionError

strict_only = pytest.mark.skipif(
    bool(bubblewrap.refusal()), reason=f"no strict box here: {bubblewrap.refusal()}"
)


@pytest.fixture(params=LEVELS, ids=str)
def level(request):
    if request.param is Level.STRICT and bubblewrap.refusal():
        pytest.skip(bubblewrap.refusal())
    return box.isolation(request.param)


def ended(box, source, call="f", **limits):
    """Facts and exception of a submission whose `f()` is called once."""
    given = box.limits.model_copy(update=limits)
    error = None
    with box.run(given) as run:
        try:
            getattr(Submission(run, "a.py", source), call)()
        except (SubmissionEnded, SubmissionError) as caught:
            error = caught
    return run.facts, error


def children_of(pid):
    listing = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
    rows = [tuple(map(int, line.split())) for line in listing.splitlines()[1:]]
    return [child for child, parent in rows if parent == pid]


def test_every_run_is_a_fresh_process(level, limits):
    source = (
        "import os\nseen = []\ndef f():\n    seen.append(1)\n    return [len(seen), os.getpid()]"
    )
    with Box(level, limits) as warm:
        answers = []
        for _ in range(2):
            with warm.run() as run:
                answers.append(Submission(run, "a.py", source).f())
    assert [count for count, _ in answers] == [1, 1]
    assert answers[0][1] != answers[1][1]


def test_runs_start_from_the_same_seed_and_another_one_differs(level, limits):
    source = "import torch, random\ndef f():\n    return [torch.rand(2).tolist(), random.random()]"
    with Box(level, limits) as warm:
        draws = []
        for seed in (1, 1, 2):
            with warm.run(seed=seed) as run:
                draws.append(Submission(run, "a.py", source).f())
    assert draws[0] == draws[1] != draws[2]


def test_a_crash_is_told_apart_from_an_exit(level, limits):
    with Box(level, limits) as warm:
        crash, _ = ended(warm, "import ctypes\ndef f(): ctypes.string_at(0)")
        leave, _ = ended(warm, "import os\ndef f(): os._exit(7)")
        after, error = ended(warm, "def f(): return 1")
    assert crash.signal == signal.SIGSEGV
    assert (leave.signal, leave.exit) == (0, 7)
    assert error is None and after is not None


def test_a_loop_is_stopped_by_its_cpu_limit(level, limits):
    with Box(level, limits) as warm:
        facts, error = ended(warm, "def f():\n    while True: pass", cpu_s=1)
    assert facts.signal == signal.SIGXCPU and isinstance(error, SubmissionEnded)
    assert 0.5 < facts.cpu_s < 3


def test_a_sleeper_is_stopped_by_the_deadline(level, limits):
    with Box(level, limits) as warm:
        began = time.monotonic()
        _, error = ended(warm, "import time\ndef f(): time.sleep(60)", wall_s=1)
    assert error.timeout and time.monotonic() - began < 30


def test_memory_taken_slowly_is_noticed_and_named(level, limits):
    slow = "def f():\n    kept = []\n    while True: kept.append(bytearray(1 << 20))"
    with Box(level, limits) as warm:
        facts, error = ended(warm, slow)
    assert facts.over_memory or error.memory


def test_memory_of_several_processes_counts_together(level, limits):
    source = """
import os, time
def f():
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(os.urandom(1 << 20)) * 300
            time.sleep(60)
    time.sleep(60)
"""
    with Box(level, limits) as warm:
        facts, _ = ended(warm, source)
    assert facts.over_memory and facts.peak_mb > 700


@strict_only
def test_processes_are_limited(limits):
    source = """
import os, time
def f():
    count = 0
    try:
        for _ in range(300):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            count += 1
    except OSError:
        return count
    return count
"""
    with Box(box.isolation(), limits) as warm, warm.run() as run:
        assert Submission(run, "a.py", source).f() < limits.processes


def test_nothing_is_left_behind(level, limits):
    source = """
import os, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("/tmp/stays", "w").close() if os.getppid() == 1 else None
            time.sleep(600)
        os._exit(0)
    open("stays", "w").close()
    return os.getcwd()
"""
    with Box(level, limits) as warm:
        with warm.run() as run:
            folder = Submission(run, "a.py", source).f()
        zygote = warm._process.pid
        tree = children_of(zygote)
        with warm.run() as run:
            seen = Submission(run, "a.py", "import os\ndef f(): return os.listdir('.')").f()
    assert not {"stays"} & set(seen)  # the interpreter's own folder may lie below /tmp
    assert not Path(folder, "stays").exists()
    assert len(tree) <= 1  # bubblewrap has the zygote below it; at the basic level there is none
    assert not children_of(zygote)


def test_leaving_the_box_ends_every_process_of_it(level, limits):
    with Box(level, limits) as warm:
        with warm.run() as run:
            Submission(run, "a.py", "def f(): return 1").f()
        pid = warm._process.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


@pytest.mark.parametrize("level_name", LEVELS)
def test_the_box_dies_with_a_grader_that_is_killed(level_name, tmp_path):
    if level_name is Level.STRICT and bubblewrap.refusal():
        pytest.skip(bubblewrap.refusal())
    program = f"""
import time
from grader import box, model
with box.Box(box.isolation(model.Level({str(level_name)!r})), model.Limits()) as warm:
    with warm.run() as run:
        from grader.proxy import Submission
        Submission(run, "a.py", "def f(): return 1").f()
        print(warm._process.pid, flush=True)
        time.sleep(60)
"""
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    group = int(grader.stdout.readline())
    grader.kill()
    grader.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and children_of(group):
        time.sleep(0.02)
    assert not children_of(group)


def test_printed_text_is_kept_up_to_its_limit(level, limits):
    given = limits.model_copy(update={"output_kb": 1})
    with Box(level, given) as warm:
        facts, error = ended(warm, "def f():\n    print('here')\n    print('x' * 10**7)")
    assert error is None
    assert facts.printed.startswith("here\n") and len(facts.printed) <= 1024


def test_the_profiler_of_torch_prints_nothing_in_the_name_of_the_submission(level, limits):
    source = "import torch\ndef f():\n    with torch.profiler.profile(): torch.ones(3)\n"
    with Box(level, limits) as warm:
        facts, error = ended(warm, source)
    assert (error, facts.printed) == (None, "")


def test_a_submission_that_kills_its_box_costs_only_its_own_check(level, limits):
    with Box(level, limits) as warm:
        _, error = ended(warm, "import os, signal\ndef f(): os.kill(os.getppid(), signal.SIGKILL)")
        _, after = ended(warm, "def f(): return 1")
    assert error is None or isinstance(error, SubmissionEnded)
    assert after is None


def test_the_environment_of_the_grader_does_not_enter(level, limits, monkeypatch):
    monkeypatch.setenv("GRADER_COURSE_KEY", "secret")
    with Box(level, limits) as warm, warm.run() as run:
        seen = Submission(run, "a.py", "import os\ndef f(): return dict(os.environ)").f()
    assert "secret" not in seen.values() and seen["PYTHONHASHSEED"] == "0"


def test_two_runs_at_once_are_our_fault(level, limits):
    with Box(level, limits) as warm, warm.run(), pytest.raises(GraderFault, match="twice"):
        warm.run().__enter__()


def test_a_level_that_cannot_be_had_is_wrong_usage(monkeypatch):
    monkeypatch.setattr(bubblewrap, "refusal", lambda: "bubblewrap is not installed")
    monkeypatch.setattr(box, "in_container", lambda: False)
    with pytest.raises(UsageError, match="bubblewrap is not installed"):
        box.isolation(Level.STRICT)
    assert box.isolation().level is Level.BASIC


def test_a_container_is_the_second_best(monkeypatch):
    monkeypatch.setattr(bubblewrap, "refusal", lambda: "refused")
    monkeypatch.setattr(box, "in_container", lambda: True)
    assert box.isolation().level is Level.CONTAINER


@strict_only
def test_the_self_check_holds_every_promise():
    opened = [each for each in selfcheck.run(box.isolation()) if not each.held]
    assert not opened


def test_the_self_check_finds_the_open_doors_of_the_basic_level():
    opened = [each for each in selfcheck.run(box.isolation(Level.BASIC)) if not each.held]
    assert any("read" in each.promise for each in opened) and all(each.fix for each in opened)


@pytest.mark.skipif(os.geteuid() != 0, reason="this test run is an ordinary user's already")
@strict_only
def test_the_box_holds_for_an_ordinary_user_too():
    program = (
        "import os\nfrom grader import box, bubblewrap, selfcheck\n"
        "assert os.geteuid() == 54321, os.geteuid()\n"
        "assert not bubblewrap.refusal(), bubblewrap.refusal()\n"
        "print([p.promise for p in selfcheck.run(box.isolation()) if not p.held])"
    )
    done = subprocess.run(
        as_ordinary_user([sys.executable, "-c", program]),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "HOME": "/tmp"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


MOUNT = "22 1 0:9 / {} rw,relatime - ext4 /dev/sda1 rw"


@pytest.mark.parametrize(
    ("marks", "mounts", "is_one"),
    [
        ([], ["/"], False),
        ([], [], False),
        ([".dockerenv"], ["/"], True),
        (["run/.containerenv"], [], True),
        (["run/systemd/container"], ["/"], True),
        ([], ["/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"], True),
        ([], ["/", "/etc/resolv.conf"], False),
        ([], ["/", "/home/ada/etc/hosts", "/home/ada/etc/resolv.conf"], False),
    ],
    ids=["bare", "no proc", "docker", "podman", "nspawn", "containerd", "a mount", "a chroot"],
)
def test_a_container_is_known_by_what_its_engine_leaves(tmp_path, marks, mounts, is_one):
    for mark in marks:
        (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mark).touch()
    if mounts:
        (tmp_path / "proc/self").mkdir(parents=True)
        lines = "".join(MOUNT.format(each) + "\n" for each in mounts)
        (tmp_path / "proc/self/mountinfo").write_text(lines)
    assert box.in_container(tmp_path) is is_one


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@strict_only
def test_without_bubblewrap_root_too_becomes_an_ordinary_user_where_it_can():
    program = """
import os
from grader import box, bubblewrap
from grader.model import Level, Limits
from grader.proxy import Submission
source = '''
import os, time
def f():
    count = 0
    try:
        for _ in range(200):
            if os.fork() == 0:
                time.sleep(60)
            count += 1
    except OSError:
        pass
    with open("here", "w"):
        return [os.getuid(), count]
'''
assert os.geteuid() == 0
level = box.isolation(Level.BASIC)
assert bubblewrap.can_leave_root() and "root" not in level.detail
with box.Box(level, Limits()) as warm:
    with warm.run() as run:
        user, count = Submission(run, "a.py", source).f()
    assert 61184 <= user <= 65519 and count < 32, (user, count)
    folder = warm._folder
assert not os.path.exists(folder)
"""
    as_root = as_ordinary_user([])[:-4]
    command = [*as_root, sys.executable, "-c", program]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={"HOME": "/tmp"})
    assert done.returncode == 0, done.stderr


def test_root_that_cannot_become_another_user_says_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(bubblewrap, "can_leave_root", lambda: False)
    assert "it runs as root" in box.isolation(Level.BASIC).detail


def test_limits_reach_every_run(level):
    small = Limits(cpu_s=2, wall_s=3, memory_mb=512, processes=9, tmp_mb=4)
    source = """
import resource as r
def f():
    return [r.getrlimit(x)[0] for x in (r.RLIMIT_CPU, r.RLIMIT_DATA, r.RLIMIT_NPROC, r.RLIMIT_CORE)]
"""
    with Box(level, small) as warm, warm.run() as run:
        assert Submission(run, "a.py", source).f() == [2, 512 << 20, 9, 0]
