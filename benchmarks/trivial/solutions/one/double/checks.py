import torch

from grader.oracle import assert_close


def check_negative_numbers(submission):
    """Negative numbers are doubled too."""
    x = torch.tensor([-1.5, 0.0, 3.0])
    assert_close(submission.double(x), 2 * x, "double(x)")
