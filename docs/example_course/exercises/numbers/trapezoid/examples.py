import torch

from grader.oracle import assert_close


def check_worked_trapezoids(submission):
    """The two trapezoid sums of the worked example."""
    for y, h, expected in (([0.0, 1.0, 4.0], 1.0, 3.0), ([0.0, 4.0], 2.0, 4.0)):
        got = submission.trapezoid(torch.tensor(y), h)
        assert_close(got, torch.tensor(expected), f"trapezoid({y}, {h:g})")


def check_worked_simpson(submission):
    """Simpson's rule gives the integral of x^2 from 0 to 2 exactly."""
    got = submission.simpson(torch.tensor([0.0, 1.0, 4.0]), 1.0)
    assert_close(got, torch.tensor(8 / 3), "simpson([0, 1, 4], 1)")
