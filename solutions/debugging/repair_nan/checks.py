from pathlib import Path

import pytest

from grader.bank.repairs import Repairs
from grader.oracle import weight

REPAIRS = Repairs(Path(__file__).parent)


@weight(4)
def check_item1(submission, fresh, seed, record):
    """item1: the repaired script holds all that is asked of it, on data that it never saw."""
    REPAIRS.check_repair("item1", submission, fresh, seed, record)


@weight(4)
def check_item2(submission, fresh, seed, record):
    """item2: the repaired script holds all that is asked of it, on data that it never saw."""
    REPAIRS.check_repair("item2", submission, fresh, seed, record)


@weight(4)
def check_item3(submission, fresh, seed, record):
    """item3: the repaired script holds all that is asked of it, on data that it never saw."""
    REPAIRS.check_repair("item3", submission, fresh, seed, record)


@weight(3)
@pytest.mark.parametrize("item", REPAIRS.injections)
def check_cause(submission, item):
    """{item}: the cause that you name first is the true one."""
    REPAIRS.check_cause(item, submission)


@pytest.mark.parametrize("item", REPAIRS.injections)
def check_evidence(submission, item):
    """{item}: a line that you name is where the fault is, or next to it."""
    REPAIRS.check_evidence(item, submission)


def check_words(submission):
    """Every item says its symptom, the first check, the fix and the result."""
    REPAIRS.check_words(submission)
