import torch

from grader.oracle import assert_close


def check_two_equal_scores(submission):
    """Two equal scores share the probability."""
    assert_close(submission.softmax(torch.zeros(2)), torch.full((2,), 0.5), "softmax(zeros(2))")
