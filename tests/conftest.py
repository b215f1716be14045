from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from grader import box, catalogue
from grader.model import Level, Limits, Submission
from grader.warm import Warm

COURSE = Path(__file__).parent / "course"
LEVELS = [Level.STRICT, Level.BASIC]


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user():
    """Tests see no GRADER_* variable but the folder of the data sets."""
    for name in [n for n in os.environ if n.startswith("GRADER_") and n != "GRADER_DATA"]:
        del os.environ[name]


@pytest.fixture(scope="session")
def isolation():
    """The level that this machine offers."""
    return box.isolation()


@pytest.fixture(scope="session")
def softmax():
    """The exercise of the tests' own course."""
    return catalogue.load(COURSE).exercises[0]


@pytest.fixture(scope="session")
def softmax_reference(softmax):
    return catalogue.read_submission(softmax.solution / "reference.py")


@pytest.fixture
def limits():
    return Limits(cpu_s=3, wall_s=4, memory_mb=700, processes=24, tmp_mb=8)


@pytest.fixture
def warm(isolation):
    """Boxes as one run of the grader has them."""
    if isolation.level is not Level.STRICT:
        pytest.skip("boxes are shared at the strict level only")
    with Warm(isolation) as boxes:
        yield boxes


@pytest.fixture(scope="session")
def source():
    """Text as a submission."""

    def make(text: str, name: str = "softmax.py") -> Submission:
        return Submission(name=name, content=text.encode())

    return make


def as_ordinary_user(command: list[str]) -> list[str]:
    """The command as somebody without rights, even where the interpreter lies in root's home.

    Only root can become another user. Root's home is covered; the interpreter's folders show.
    """
    wrapped = ["bwrap", "--dev-bind", "/", "/", "--dev-bind", "/proc", "/proc"]
    for prefix in (Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parent.parent):
        if prefix.is_relative_to("/root"):
            wrapped += ["--perms", "0755", "--tmpfs", "/root"]
            break
    for prefix in (sys.base_prefix, sys.prefix, str(Path(__file__).parent.parent)):
        if prefix.startswith("/root"):
            for folder in reversed([*Path(prefix).parents][:-1]):
                if str(folder).startswith("/root/"):
                    wrapped += ["--perms", "0755", "--dir", str(folder)]
            wrapped += ["--ro-bind", prefix, prefix]
    drop = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    return [*wrapped, "--cap-add", "ALL", "--", *drop, *command]
