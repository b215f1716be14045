"""A claim that the submission raises: the right exception, not just any."""

from __future__ import annotations

import pytest

from grader.oracle import Mismatch, assert_raises
from grader.proxy import SubmissionError


def raised(kind, message=""):
    return SubmissionError("f", kind, message, None, False)


def test_the_right_exception_of_the_submission_is_accepted():
    with assert_raises("f(-1)"):
        raise raised("ValueError")
    with assert_raises("f(-1)", "TypeError", "KeyError", naming="dim"):
        raise raised("KeyError", "no such dim")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "f(-1): returned, expected ValueError or KeyError"),
        (raised("TypeError", "dim"), "f(-1): raised TypeError, expected ValueError or KeyError"),
        (raised("NotImplementedError"), "f(-1): raised NotImplementedError, expected"),
        (raised("ValueError", "bad"), "f(-1): the message of ValueError does not name `dim`"),
        (raised("ValueError", "bad dimension"), "f(-1): the message of ValueError does not name"),
    ],
)
def test_no_exception_another_one_or_a_silent_one_is_refused(error, said):
    with (
        pytest.raises(Mismatch) as caught,
        assert_raises("f(-1)", "ValueError", "KeyError", naming="dim"),
    ):
        if error:
            raise error
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("ours", [ValueError("a bug of the check"), Mismatch("another claim")])
def test_an_exception_that_is_not_the_submissions_goes_through(ours):
    with pytest.raises(type(ours)) as caught, assert_raises("f(-1)"):
        raise ours
    assert caught.value is ours
