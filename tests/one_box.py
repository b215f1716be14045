"""One warm box for all tests of the proxy: `pytest_plugins = ["one_box"]`."""

from __future__ import annotations

from contextlib import ExitStack
from textwrap import dedent

import pytest

from grader.box import Box
from grader.model import Limits
from grader.proxy import Submission

LIMITS = Limits(cpu_s=20, wall_s=40, memory_mb=1024)


@pytest.fixture(scope="session")
def one_box(isolation):
    with Box(isolation, LIMITS) as box:
        yield box


@pytest.fixture
def load(one_box):
    """Load a text as a submission, in a process of its own: load(text, wall_s=1)."""
    with ExitStack() as stack:

        def make(text, **limits):
            run = stack.enter_context(one_box.run(LIMITS.model_copy(update=limits)))
            return Submission(run, "mine.py", dedent(text))

        yield make
