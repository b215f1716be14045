"""`grade watch` as a learner has it: a terminal of a given size, keys, saves."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from conftest import COURSE

from grader import catalogue, workspace

GRADE = str(Path(sys.prefix, "bin", "grade"))
STYLE = re.compile(r"\x1b\[[\d;]*m")
WRONG = "def softmax(x, dim=-1):\n    return x.exp() / x.exp().sum()\n"


def without_size(environment):
    """Who runs the tests may have set a size, which would hide the terminal's own."""
    return {k: v for k, v in environment.items() if k not in {"COLUMNS", "LINES"}}


class Terminal:
    """A terminal with `grade watch` in it."""

    def __init__(self, folder, columns=80, rows=24, **environment):
        self.master, theirs = pty.openpty()
        self.size(columns, rows)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [GRADE, "watch", "softmax"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**without_size(os.environ), "TERM": "xterm", **environment},
            start_new_session=True,
        )
        self.attributes = termios.tcgetattr(theirs)
        os.close(theirs)
        self.text = ""

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key):
        os.write(self.master, key.encode())

    def sees(self, pattern, within_s=60):
        """Wait for a text in any style; everything written so far, which is then forgotten."""
        deadline = time.monotonic() + within_s
        while not (found := re.search(pattern, STYLE.sub("", self.text))):
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"{pattern!r} not seen in {self.text[-2000:]!r}")
            try:
                self.text += os.read(self.master, 1 << 16).decode(errors="replace")
            except OSError:
                raise AssertionError(f"{pattern!r} not seen in {self.text[-2000:]!r}") from None
        assert found
        seen, self.text = self.text, ""
        return seen

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def folder(tmp_path):
    workspace.init(tmp_path, COURSE, catalogue.load(COURSE))
    return tmp_path


@pytest.fixture
def terminal(folder):
    opened = []

    def make(**size):
        opened.append(Terminal(folder, **size))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def reference(softmax_reference):
    return softmax_reference.content.decode()


def test_the_way_from_a_stub_to_a_pass(folder, terminal, reference):
    screen, file = terminal(), folder / "basics/softmax.py"
    screen.sees(r"Edit basics/softmax\.py and save it[^$]*n next  h hint  l list  r run  q quit")
    file.write_text(WRONG)
    screen.sees("NOT PASSED")
    screen.press("h")
    screen.sees("Hint 1 of 3")
    screen.press("s")
    screen.sees("is shown after a pass")
    file.write_text(reference)
    screen.sees("PASSED, 10 of 10 points[^$]*s solution")
    screen.press("s")
    screen.sees("The reference")
    screen.press("l")
    screen.sees(r"softmax +10/10 pt  passed")
    screen.press("n")
    screen.sees("Edit basics/sums.yaml")
    screen.press("q")
    assert screen.process.wait(20) == 0


def test_r_grades_again_and_unknown_keys_do_nothing(folder, terminal, reference):
    (folder / "basics/softmax.py").write_text(reference)
    screen = terminal()
    screen.sees("PASSED, 10")
    screen.press("x\x1b[A")
    screen.press("r")
    screen.sees("PASSED, 10")
    assert len(list((folder / ".grader/results").glob("*.json"))) == 2


def test_a_tiny_terminal_shows_the_first_failure_and_no_line_too_many(folder, terminal):
    (folder / "basics/softmax.py").write_text(WRONG)
    screen = terminal(columns=40, rows=10)
    drawn = screen.sees(r"NOT PASSED[^$]*watching").rpartition("\x1b[2J")[2]
    assert drawn.count("\n") <= 10 and "FAIL" in drawn


def test_a_resized_terminal_is_drawn_anew(folder, terminal, reference):
    (folder / "basics/softmax.py").write_text(reference)
    screen = terminal(columns=80, rows=30)
    screen.sees("PASSED, 10")
    screen.size(50, 12)
    screen.process.send_signal(signal.SIGWINCH)
    screen.sees("PASSED, 10")


def test_no_colour_where_none_is_wanted(folder, terminal, reference):
    (folder / "basics/softmax.py").write_text(reference)
    screen = terminal(NO_COLOR="1")
    drawn = screen.sees("PASSED, 10 of 10 points")
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", drawn)


def test_ctrl_c_ends_it_and_the_terminal_is_as_before(terminal):
    screen = terminal()
    screen.sees("q quit")
    assert termios.tcgetattr(screen.master)[3] & termios.ICANON == 0
    screen.process.send_signal(signal.SIGINT)
    assert screen.process.wait(20) == 130
    assert termios.tcgetattr(screen.master)[3] & termios.ICANON


def test_without_a_terminal_every_save_prints_a_verdict(folder, reference):
    with subprocess.Popen(
        [GRADE, "watch", "softmax"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        text=True,
    ) as watch:
        try:
            lines = iter(watch.stdout.readline, "")
            assert any("Edit basics/softmax.py" in line for line in lines)
            (folder / "basics/softmax.py").write_text(reference)
            verdict = next(line for line in lines if "PASSED" in line)
        finally:
            watch.terminate()
    assert verdict.startswith("softmax: PASSED, 10 of 10 points") and "\x1b" not in verdict


def test_outside_a_workspace_it_says_how_to_make_one(tmp_path):
    done = subprocess.run([GRADE, "watch"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "grade init DIR" in done.stderr
