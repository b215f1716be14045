import torch

from grader.oracle import assert_close


def check_worked_example(submission):
    """The worked example of the README comes out."""
    assert_close(submission.SLUG(torch.tensor([1.0, 2.0])), torch.tensor([3.0, 5.0]), "SLUG(x)")
