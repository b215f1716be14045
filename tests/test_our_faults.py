"""What the grader itself may lack or lose, and what the user then reads and finds left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import sample_verdicts as sample
from conftest import COURSE, as_ordinary_user
from test_cli_bad_input import below

from grader import box, bubblewrap, checking, cli, mistakes, proxy, report, wholefile
from grader.box import Box
from grader.ledger import Ledger
from grader.model import GraderFault, Level, Limits

SOLUTION = COURSE / "solutions/basics/softmax"
REFERENCE, WRONG = SOLUTION / "reference.py", SOLUTION / "mistakes/overflows.py"
SUBREAPER = 36
LEVELS = ["basic"] if bubblewrap.refusal() else ["strict", "basic"]
in_a_small_disk = pytest.mark.skipif(
    bool(bubblewrap.refusal()), reason="a disk of 64 kB is made with bubblewrap"
)


class Done(NamedTuple):
    code: int
    """Exit code, or minus the signal that ended it."""
    out: str
    err: str


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The working folder, and beside it the folder of temporary files, which must stay empty."""
    place = tmp_path / "temporary"
    place.mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    return place


@pytest.fixture
def nothing_left(place):
    """Afterwards: no process below us, to whom orphans come, no mount, no temporary file."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    before, mounts = set(below(os.getpid())), Path("/proc/self/mountinfo").read_text()
    yield
    deadline = time.monotonic() + 10
    while (left := set(below(os.getpid())) - before) and time.monotonic() < deadline:
        for pid in left:
            reap(pid)
        time.sleep(0.01)
    ctypes.CDLL(None).prctl(SUBREAPER, 0, 0, 0, 0)
    assert not left
    assert not list(place.iterdir())
    assert Path("/proc/self/mountinfo").read_text() == mounts


def reap(pid):
    with contextlib.suppress(ChildProcessError):  # its parent is still there to do so
        os.waitpid(pid, os.WNOHANG)


def grade(*arguments, before=lambda: None):
    """`grade run` in a fork of this process, which has imported torch already."""
    texts = Path("out"), Path("err")
    pid = os.fork()
    if pid == 0:
        sys.stdout, sys.stderr = (each.open("w", encoding="utf-8") for each in texts)
        for number, file in ((1, sys.stdout), (2, sys.stderr)):
            os.dup2(file.fileno(), number)
        code = 99
        try:
            checking.EXAMPLES = 3
            before()
            sys.argv = ["grade", "run", *map(str, arguments)]
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return Done(os.waitstatus_to_exitcode(status), *(each.read_text("utf-8") for each in texts))


def is_our_fault(done, *words):
    """Exit code 3 and one sentence with what to do next."""
    assert done.code == 3, done
    assert done.err.startswith("Grader fault: ") and len(done.err.splitlines()) == 1, done.err
    for word in (*words, "grade again"):
        assert word in done.err, done.err
    assert "Traceback" not in done.err + done.out
    return True


def on_path(monkeypatch, folder, script):
    """A program that is found in place of bubblewrap."""
    folder.mkdir()
    (folder / "bwrap").write_text(script)
    (folder / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    bubblewrap._trial.cache_clear()


@pytest.fixture
def trial_again():
    """The trial of bubblewrap is remembered; a test that spoils it must not be."""
    yield
    bubblewrap._trial.cache_clear()


REFUSES = "#!/bin/sh\necho 'bwrap: no namespaces today' >&2\nexit 1\n"
HANGS = "#!/bin/sh\nexec sleep 600\n"


@pytest.mark.parametrize(
    ("script", "says"),
    [(REFUSES, "no namespaces today"), (HANGS, "no answer within 1 s")],
    ids=["refuses", "hangs"],
)
def test_a_bubblewrap_that_does_not_work_is_not_used(
    monkeypatch, tmp_path, place, nothing_left, trial_again, script, says
):
    monkeypatch.setattr(bubblewrap, "TRIAL_S", 1)
    on_path(monkeypatch, tmp_path / "bin", script)
    done = grade("softmax", "--file", REFERENCE, "--sandbox", "strict")
    assert done.code == 2 and says in done.err and "allow unprivileged user names" in done.err
    assert box.isolation().level in (Level.CONTAINER, Level.BASIC)


def test_without_bubblewrap_the_verdict_names_the_lower_level(monkeypatch, place, nothing_left):
    monkeypatch.setenv("PATH", str(place))
    done = grade("softmax", "--file", REFERENCE)
    assert done.code == 0 and "Isolation: strict" not in done.out
    assert "Isolation: basic" in done.out or "Isolation: container" in done.out
    done = grade("softmax", "--file", REFERENCE, "--sandbox", "strict")
    assert done.code == 2 and "install the package `bubblewrap`" in done.err


@pytest.mark.parametrize("missing", ["setpriv", "libseccomp"])
def test_a_part_of_the_strict_box_that_is_missing_is_named(monkeypatch, missing):
    def absent():
        raise ImportError("no library")

    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 0)
    if missing == "setpriv":
        monkeypatch.setitem(bubblewrap.ENVIRONMENT, "PATH", "/nowhere")
    else:
        monkeypatch.setattr(bubblewrap, "seccomp_program", absent)
    package = {"setpriv": "util-linux", "libseccomp": "libseccomp2"}[missing]
    assert f"install the package `{package}`" in bubblewrap.refusal()
    assert box.isolation().level in (Level.CONTAINER, Level.BASIC)


@pytest.mark.parametrize("count", [12, 20, 40, 255])
def test_too_few_descriptors_are_our_fault(place, nothing_left, count):
    def narrow():
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    done = grade("softmax", "--file", REFERENCE, before=narrow)
    assert is_our_fault(done, f"only {count} files", "ulimit -n 256")


def test_a_low_soft_limit_of_descriptors_is_raised():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    cli._allow_descriptors()
    raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert raised == (256, before[1])


@pytest.mark.parametrize(("name", "value"), [("CPU", 600), ("AS", 3 << 30)])
def test_limits_of_this_machine_below_the_exercises_are_our_fault(
    place, nothing_left, softmax, name, value
):
    number = getattr(resource, f"RLIMIT_{name}")
    limits = Limits(cpu_s=700, memory_mb=2600, tmp_mb=64)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            resource.setrlimit(number, (value, value))
            with Box(box.isolation(), limits) as warm, warm.run():
                time.sleep(0.2)
        except GraderFault as fault:
            code = 0 if f"RLIMIT_{name}" in str(fault) and "grade again" in str(fault) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@in_a_small_disk
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("count", [2, 20])
def test_too_few_processes_are_our_fault(tmp_path, count):
    tmp_path.chmod(0o777)
    for folder in [*tmp_path.parents][:3]:
        folder.chmod(folder.stat().st_mode | 0o055)
    command = [sys.executable, "-m", "grader", "softmax", "--file", str(REFERENCE)]
    done = subprocess.run(
        as_ordinary_user(["prlimit", f"--nproc={count}", *command]),
        env={**os.environ, "GRADER_COURSE": str(COURSE), "HOME": "/tmp", "OMP_NUM_THREADS": "1",
             "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(COURSE.parent.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert is_our_fault(Done(done.returncode, done.stdout, done.stderr))


def test_no_place_for_temporary_files_is_our_fault(monkeypatch, place, nothing_left):
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    done = grade("softmax", "--file", REFERENCE, "--sandbox", "basic")
    assert is_our_fault(done, "the box cannot go on: ")


FULL = """
cd "$1" && shift
cat /dev/zero > .grader/ballast
"$@" run sums --reference; echo "code $?"; ls -A .grader .grader/results
rm .grader/ballast
"$@" run sums --reference; echo "code $?"; ls -A .grader/results
"""


@in_a_small_disk
def test_a_full_disk_costs_the_record_and_not_the_verdict(tmp_path):
    state = tmp_path / ".grader"
    state.mkdir()
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", "65536", "--tmpfs", str(state), "--"]
    command = [*disk, "sh", "-c", FULL, "sh", str(tmp_path), sys.executable, "-m", "grader"]
    env = {**os.environ, "GRADER_COURSE": str(COURSE), "PYTHONPATH": str(COURSE.parent.parent)}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    verdicts, lists = done.stdout.split("code "), done.stderr.splitlines()
    assert [each[0] for each in verdicts[1:]] == ["3", "0"]
    assert all("PASSED, 6 of 6 points" in each for each in verdicts[:2])
    assert verdicts[1].split()[1:5] == [".grader:", "ballast", "results", ".grader/results:"], (
        verdicts[1]
    )
    assert len(verdicts[2].split()) == 2
    (fault,) = [each for each in lists if "Grader fault" in each]
    assert "No space left on device. Free some space" in fault and "was not kept" in fault


def test_a_folder_that_cannot_be_written_costs_the_record_and_not_the_verdict(place):
    Path(".grader").mkdir()
    Path(".grader/results").touch()
    done = grade("sums", "--reference", "--json")
    assert (
        is_our_fault(done, "The results in .grader cannot be written")
        and '"passed": true' in done.out
    )
    Path(".grader/results").unlink()
    assert grade("sums", "--reference").code == 0 and len(Ledger(Path(".grader")).attempts()) == 1


def die(number):
    """In place of a function of ours: the grader is ended there."""

    def dies(*_, **__):
        os.kill(os.getpid(), number)
        time.sleep(60)

    return dies


def die_on(number, op):
    """The grader is ended as soon as it has asked such a question."""
    send = proxy.Submission._send

    def sends(self, question, call):
        send(self, question, call)
        if question.get("op") == op:
            time.sleep(0.1)
            die(number)()

    return sends


STAYS = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
def softmax(x, dim=-1):
    time.sleep(600)
"""
KILL, TERM, HUP = signal.SIGKILL, signal.SIGTERM, signal.SIGHUP
MOMENTS = {
    "the box starts": (Box, "_tell", die, REFERENCE, 0),
    "the submission loads": (proxy.Submission, "_send", lambda n: die_on(n, "load"), None, 0),
    "a check runs": (proxy.Submission, "_send", lambda n: die_on(n, "call"), None, 0),
    "a mistake is named": (mistakes, "name", die, WRONG, 0),
    "the record is written": (wholefile, "_name", die, REFERENCE, 0),
    "the report is written": (report, "as_html", die, REFERENCE, 1),
}


@pytest.mark.parametrize(
    ("moment", "number", "level"),
    [
        *((moment, KILL, LEVELS[0]) for moment in MOMENTS),
        ("a check runs", KILL, "basic"),
        ("the box starts", HUP, "basic"),
        ("a check runs", TERM, "basic"),
        ("a check runs", HUP, LEVELS[0]),
    ],
)
def test_a_grader_that_is_ended_leaves_nothing(
    place, nothing_left, monkeypatch, moment, number, level
):
    where, name, dies, file, kept = MOMENTS[moment]
    Path("stays.py").write_text(STAYS)
    began = time.monotonic()
    done = grade(
        *("softmax", "--file", file or "stays.py", "--sandbox", level, "-o", "report.html"),
        before=lambda: setattr(where, name, dies(number)),
    )
    assert done.code == -number, done
    assert time.monotonic() - began < 30
    book = Ledger(Path(".grader"))
    assert len(book.attempts()) == kept and book.rebuild() == ()
    book.record(sample.GPT)
    assert len(book.attempts()) == kept + 1


def test_what_a_killed_grader_left_unwritten_goes_after_an_hour(tmp_path):
    book = Ledger(tmp_path / ".grader")
    book.record(sample.GPT)
    old, new = (book.results / f".{name}.tmp" for name in ("old", "new"))
    for left in (old, new):
        left.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    Ledger(tmp_path / ".grader").record(sample.GPT)  # the next run
    assert new.exists() and not old.exists() and len(book.attempts()) == 2


def zygote_of(warm):
    """The process number of the zygote, which in the strict box stands below bubblewrap."""
    pid = warm._process.pid
    return below(pid)[0] if warm.isolation.level is Level.STRICT else pid


@pytest.mark.parametrize("level", LEVELS)
def test_a_zygote_that_is_stopped_costs_no_more_than_its_deadline(
    place, nothing_left, monkeypatch, limits, level
):
    monkeypatch.setattr(box, "ANSWER_S", 1)
    with Box(box.isolation(Level(level)), limits) as warm:
        began = time.monotonic()
        with warm.run() as run:
            os.kill(zygote_of(warm), signal.SIGSTOP)
        assert run.facts.signal == signal.SIGKILL and time.monotonic() - began < 20
        with warm.run() as run:
            assert proxy.Submission(run, "a.py", "def f(): return 1").f() == 1


def test_a_zygote_that_is_killed_costs_the_check(place, nothing_left, limits):
    with Box(box.isolation(Level.BASIC), limits) as warm:
        with pytest.raises(proxy.SubmissionEnded), warm.run() as run:
            os.kill(zygote_of(warm), signal.SIGKILL)
            proxy.Submission(run, "a.py", "import time; time.sleep(60)")
        assert run.facts.signal == signal.SIGKILL
        with warm.run() as run:
            assert proxy.Submission(run, "a.py", "def f(): return 1").f() == 1


@pytest.mark.parametrize("during", ["call", "replay"])
@pytest.mark.skipif("strict" not in LEVELS, reason="no strict box here")
def test_a_strict_box_that_is_killed_is_our_fault(place, nothing_left, during):
    send = proxy.Submission._send

    def sends(self, question, call):
        if during in (call, question.get("op")):
            os.kill(below(os.getpid())[1], signal.SIGKILL)  # the zygote below bubblewrap
            time.sleep(0.1)
        send(self, question, call)

    def replace():
        proxy.Submission._send = sends

    done = grade("softmax", "--file", WRONG, "--sandbox", "strict", before=replace)
    assert is_our_fault(done, "the box was ended from outside")
    assert Ledger(Path(".grader")).attempts() == ()


@pytest.mark.skipif("strict" not in LEVELS, reason="no strict box here")
def test_a_bubblewrap_that_is_killed_costs_nothing(place, nothing_left, limits):
    with Box(box.isolation(Level.STRICT), limits) as warm:
        for _ in range(2):
            with warm.run() as run:
                warm._process.kill()
                assert proxy.Submission(run, "a.py", "def f(): return 1").f() == 1
