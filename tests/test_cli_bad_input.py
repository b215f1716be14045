"""What the command line says to wrong usage, broken courses and an interruption."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import COURSE
from leftovers import below, ended

from grader import bubblewrap, cli

EXERCISE = "exercises/basics/softmax/exercise.yaml"
CHECKS = "solutions/basics/softmax/checks.py"
REFERENCE = "solutions/basics/softmax/reference.py"


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def course(tmp_path):
    """A copy of the tests' course that a test may break."""
    return Path(shutil.copytree(COURSE, tmp_path / "course"))


@pytest.fixture
def grade(course, tmp_path, monkeypatch, capsys):
    """Run the command in a folder of its own."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("GRADER_COURSE", str(course))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["grade", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            return Done(end.code or 0, *capsys.readouterr())
        return Done(0, *capsys.readouterr())

    return run


def refuses(done, *words, code=2, start="Error: "):
    """One sentence on stderr that holds the words; no traceback, no path of this machine."""
    assert done.code == code, done
    assert done.err.startswith(start) and len(done.err.splitlines()) == 1, done.err
    for word in words:
        assert word in done.err, done.err
    for word in ("Traceback", str(COURSE), str(Path.cwd()), str(Path.cwd().parent)):
        assert word not in done.err, done.err
    assert not Path(".grader/fault.log").exists()
    return True


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["sofmax"], "no exercise named `sofmax`. Did you mean: softmax"),
        (["xyzzy"], "no exercise named `xyzzy`. Known: softmax, sums"),
        (["show", "sofmax"], "Did you mean: softmax"),
        (["softmax", "--file", "nope.py"], "there is no file nope.py"),
        (["nope/softmax.py"], "there is no file softmax.py"),
        (["softmax", "--file", "."], "is a folder; a file is needed here"),
        (["run", "--file", "a.py"], "name an exercise"),
        (["run", "--all", "--file", "a.py"], "--file goes with exactly one exercise"),
        (["run", "softmax", "sums", "--file", "a.py"], "--file goes with exactly one exercise"),
        (["other.py"], "other.py belongs to no exercise by its name"),
        (["softmax", "--nonsense"], "No such option '--nonsense'"),
        (["softmax", "--seed", "x"], "'x' is not a valid integer"),
        (["softmax", "--sandbox", "none"], "'none' is not one of"),
        (["hint", "softmax", "-n", "4"], "4 is not in the range"),
        (["lines", "nope.py"], "there is no file nope.py"),
        (["report"], "nothing has been graded here yet"),
        (["list", "--course", "/nowhere/at/all"], "all is no course"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_ends_with_code_2_and_one_sentence(grade, arguments, word):
    Path("other.py").touch()
    assert refuses(grade(*arguments), word)


def test_a_file_of_50_mb_is_refused_by_its_size(grade):
    with Path("big.py").open("wb") as file:
        file.truncate(50 * 10**6)
    assert refuses(grade("softmax", "--file", "big.py"), "big.py has 50.0 MB")
    assert refuses(grade("lines", "big.py"), "big.py has 50.0 MB")


def test_a_pipe_is_not_waited_for(grade):
    os.mkfifo("softmax.py")
    assert refuses(grade("softmax"), "softmax.py is no regular file")


def test_a_report_that_cannot_be_written_is_told_after_grading(grade, course):
    Path("taken").touch()
    arguments = ["softmax", "--file", course / REFERENCE, "--sandbox", "basic", "--json"]
    assert refuses(grade(*arguments, "-o", "taken/report.html"), "report.html cannot be written")


HEADER = "title: T\nunits:\n  - {slug: basics, title: Basics}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + "colour: red\n", ["course.yaml line 4: colour"]),
        ("title: [1]\nunits: basics\n", ["line 1: title", "line 2: units"]),
        ("title: T\nunits:\n  - {slug: basics, titel: B}\n", ["line 3: units.0.title", "titel"]),
        (HEADER + "title: U\n", ["course.yaml line 4: `title` stands here twice"]),
        ("title: T\nunits: [\n", ["course.yaml line 3", "correct the YAML there"]),
        ("title: T\nunits: !!python/name:os.system\n", ["course.yaml line 2"]),
        ("title: &a [*a]\nunits: []\n", ["course.yaml line 1"]),
        ("- a\n", ["course.yaml: expected `key: value` lines, got list"]),
        ("", ["course.yaml: expected `key: value` lines"]),
        ("title: T\n# \xff\n", ["course.yaml line 2: not UTF-8"]),
        ("# " + "x" * 70000, ["course.yaml", "bytes; at most"]),
        ("title: T\nunits: " + "[" * 5000, ["course.yaml", "deep"]),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_course_that_cannot_be_read_names_file_and_line(grade, course, text, words):
    (course / "exercises/course.yaml").write_bytes(text.encode("latin-1"))
    assert refuses(grade("list"), *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("points: 10", "pionts: 10", ["line 3: pionts", "points: Field required"]),
        ("points: 10", "points: ten", ["line 3: points", "integer"]),
        ("points: 10", "points: -1", ["line 3: points", "greater than 0"]),
        ("memory_mb: 1024", "memory: 1024", ["line 4: limits.memory"]),
        ("cpu_s: 5", "cpu_s: fast", ["line 4: limits.cpu_s", "number"]),
        ("forbid: [softmax, log", "forbid: [[softmax], log", ["line 5: rules.forbid.0"]),
        ("points: 10", "points: 10\nafter: [nothing]", ["after: no exercise `nothing` here"]),
        ("points: 10", "points: 10\nafter: [softmax]", ["`after` goes in a circle"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_exercise_that_is_not_well_formed_names_file_and_line(grade, course, old, new, words):
    path = course / EXERCISE
    path.write_text(path.read_text().replace(old, new))
    assert refuses(grade("softmax"), "softmax/exercise.yaml", *words)


def needs(course, name):
    path = course / EXERCISE
    path.write_text(path.read_text() + f"needs: [{name}]\n")
    return ["softmax", "--file", course / REFERENCE, "--sandbox", "basic"]


def test_a_data_set_that_does_not_exist_is_wrong_usage(grade, course):
    done = grade(*needs(course, "imagenet"))
    assert refuses(done, "line 6: needs.0", "mnist", "shakespeare") and not done.out


def test_a_data_folder_that_does_not_exist_is_no_silent_stand_in(grade, course, monkeypatch):
    monkeypatch.setenv("GRADER_DATA", "/nowhere/at/all")
    done = grade(*needs(course, "mnist"))
    assert refuses(done, "GRADER_DATA does not name a folder that can be read") and not done.out


@pytest.mark.parametrize(
    ("checks", "word"),
    [
        ("import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
        ("def check_it(submission:\n", "SyntaxError: '(' was never closed"),
        ("def check_it(submission):\n    '''It works.'''\n    {}['x']\n", "KeyError: 'x'"),
        ("def check_it(submision):\n    '''It works.'''\n", "submision"),
        ("def check_it(submission):\n    '''It works.'''\n    raise SystemExit(0)\n", "SystemExit"),
    ],
    ids=["import", "syntax", "exception", "fixture", "exit"],
)
def test_checks_that_fail_on_the_reference_too_are_our_fault(grade, course, checks, word):
    (course / CHECKS).write_text(checks)
    done = grade("softmax", "--file", course / REFERENCE, "--sandbox", "basic")
    assert done.code == 3 and "GRADER FAULT" in done.out
    assert "does not count against you" in done.out and word in done.out
    assert "Traceback" not in done.out + done.err and str(course) not in done.out + done.err


def test_the_users_settings_of_pytest_do_not_change_a_verdict(grade, course, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option --collect-only")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    done = grade("softmax", "--file", course / REFERENCE, "--sandbox", "basic")
    assert done.code == 0 and "PASSED, 10 of 10" in done.out
    assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"


STARTING, RUNNING = "the box starts", "a check runs"


@pytest.mark.parametrize("level", ["strict", "basic"])
@pytest.mark.parametrize("moment", [STARTING, RUNNING])
def test_ctrl_c_ends_with_code_130_and_leaves_nothing(course, tmp_path, level, moment):
    if level == "strict" and bubblewrap.refusal():
        pytest.skip(bubblewrap.refusal())
    sleeper = "import time\n\n\ndef softmax(x, dim=-1):\n    time.sleep(600)\n"
    (tmp_path / "sleeper.py").write_text(sleeper)
    path = course / EXERCISE
    path.write_text(path.read_text().replace("wall_s: 5", "wall_s: 600"))
    place = tmp_path / "temporary"
    place.mkdir()
    grader = subprocess.Popen(
        [sys.executable, "-m", "grader", "softmax", "--file", "sleeper.py", "--sandbox", level],
        cwd=tmp_path,
        env={**os.environ, "GRADER_COURSE": str(course), "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    processes = wait_until(grader, moment, level)
    grader.send_signal(signal.SIGINT)
    out, err = grader.communicate(timeout=60)
    assert (grader.returncode, out, err.strip()) == (130, "", "Interrupted.")
    assert all(ended(pid) for pid in processes)
    assert not list(place.iterdir())


def wait_until(grader, moment, level):
    """The processes of the box once there are enough: bubblewrap, zygote, the submission."""
    fewest = {STARTING: 1, RUNNING: 2}[moment] + (level == "strict")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and grader.poll() is None:
        found = below(grader.pid)
        if sum("zygote.main()" in command_of(pid) for pid in found) >= fewest:
            return found
        time.sleep(0.01)
    raise AssertionError(f"the box did not get there: {grader.communicate()}")


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_the_folder_that_one_stands_in_does_not_shadow_our_libraries(tmp_path):
    for name in ("torch", "click", "yaml", "pydantic"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    command = [sys.executable, "-m", "grader", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "grade, version" in done.stdout
