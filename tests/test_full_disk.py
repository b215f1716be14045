"""A disk that is really full: a small tmpfs, mounted in a namespace of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from class_commands import DRIVER, FAKE, graded, hand_in
from conftest import COURSE

from grader import bubblewrap

SIZE = 1 << 20
COUNT = 30
TRIAL = """
import json, os, subprocess, sys
from pathlib import Path

disk, ballast = Path("disk"), Path("disk/ballast")
driver, fake = sys.argv[1:]

def grade(*words):
    program = [sys.executable, "-c", driver, fake, *words]
    done = subprocess.run(program, capture_output=True, text=True)
    return {"code": done.returncode, "said": done.stderr.splitlines()[-1:]}

def fill(left):
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("ab") as file:
        file.write(bytes(free - left))

def records():
    found = [json.loads(path.read_text()) for path in Path("disk/out/results").glob("*.json")]
    return sorted(each["learner"] for each in found)

told = {}
fill(80 << 10)
told["full"] = grade("bulk", "class", "-o", "disk/out", "-j", "1")
told["kept"] = records()
left_over = [path.name for path in Path("disk/out").rglob("*.tmp")]
ballast.unlink()
told["mended"] = grade("bulk", "class", "-o", "disk/out", "-j", "1")
told["all"] = records()
words = ("disk/out", "learner00", "softmax", "--score", "8", "--reason", "typo")
fill(0)
told["override"] = grade("override", *words)
told["overrides"] = [path.name for path in Path("disk/out").glob("overrides/*")]
ballast.unlink()
told["repeated"] = grade("override", *words)
told["summary"] = Path("disk/out/summary.csv").read_text("utf-8-sig").splitlines()[1]
print(json.dumps(told | {"left_over": left_over}))
"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What grading a class on a full disk came to, and again when there was room."""
    if why := bubblewrap.refusal():
        pytest.skip(f"no small disk can be mounted here: {why}")
    monkeypatch.chdir(tmp_path)
    hand_in(*(f"learner{number:02}" for number in range(COUNT)))
    Path("disk").mkdir()
    mount = [
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        "--size",
        str(SIZE),
        "--tmpfs",
        str(Path("disk").resolve()),
    ]
    program = [sys.executable, "-c", TRIAL, DRIVER, FAKE]
    done = subprocess.run(
        [*mount, "--chdir", str(tmp_path), "--", *program],
        env={**os.environ, "GRADER_COURSE": str(COURSE), "GRADER_STAFF": "Grace"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_full_disk_loses_nothing_that_was_graded_and_the_next_run_goes_on(told):
    everybody = [f"learner{number:02}" for number in range(COUNT)]
    assert told["full"]["code"] == 3
    assert re.search("No space left on device|disk is full", told["full"]["said"][0])
    assert "Free some space" in told["full"]["said"][0]
    assert 0 < len(told["kept"]) < COUNT
    assert told["left_over"] == []
    assert told["mended"]["code"] == 0 and told["all"] == everybody
    assert len(graded()) - COUNT <= 2  # graded, and not recorded any more
    assert told["override"]["code"] == 3 and told["overrides"] == []
    assert "the override was not kept" in told["override"]["said"][0]
    assert told["repeated"]["code"] == 0
    assert told["summary"].startswith("learner00,8,10,8,")
