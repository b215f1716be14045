import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.oracle import assert_close, assert_gradient, tensors


@given(x=tensors(min_ndim=2, max_ndim=3), data=st.data())
def check_normalises_along_dim(submission, x, data):
    """Every slice along `dim` matches the definition, for every axis."""
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1), label="dim")
    assert_close(submission.softmax(x, dim=dim), torch.softmax(x, dim), "softmax(x, dim)")


def check_large_scores_stay_finite(submission):
    """A score of 1000 does not overflow."""
    x = torch.tensor([[0.0, 1.0, 1000.0]])
    assert_close(submission.softmax(x), torch.softmax(x, -1), "softmax(x)")


@given(x=tensors(dtype=torch.float64, max_side=4))
def check_gradient(submission, x):
    """The gradient agrees with central differences of your own forward pass."""
    assert_gradient(submission.softmax, x)
