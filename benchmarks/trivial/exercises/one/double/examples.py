import torch

from grader.oracle import assert_close


def check_worked_example(submission):
    """The worked example of the README comes out."""
    assert_close(submission.double(torch.tensor([1.0, 2.0])), torch.tensor([2.0, 4.0]), "double(x)")
