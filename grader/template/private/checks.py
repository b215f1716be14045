import torch
from hypothesis import given

from grader.oracle import assert_close, assert_gradient, assert_keeps_inputs, tensors


@given(x=tensors())
def check_matches_definition(submission, x):
    """The result is 2 x + 1 for every shape and dtype."""
    assert_close(submission.SLUG(x), 2 * x + 1, "SLUG(x)")


@given(x=tensors(dtype=torch.float64))
def check_gradient(submission, x):
    """The gradient agrees with central differences."""
    assert_gradient(submission.SLUG, x)


def check_keeps_its_input(submission):
    """The argument is left as it is."""
    assert_keeps_inputs(submission.SLUG, torch.tensor([1.0, 2.0]))
