import torch

from grader.oracle import Mismatch, assert_close


def check_cubic_at_two(submission):
    """The slope of x^3 at 2, with the large eps of the task: 12.01."""
    x = torch.tensor([2.0], dtype=torch.float64)
    slope = submission.num_grad(submission.value("cubic"), x, 0.1)
    assert_close(slope, torch.tensor([12.01], dtype=torch.float64), "num_grad(cubic, [2], 0.1)")


def check_one_error(submission):
    """The errors of the task: 0.01 / 12.01 is the larger one."""
    a, n = torch.tensor([12.0, 1.0]).double(), torch.tensor([12.01, 1.0]).double()
    got = submission.max_rel_error(a, n)
    if not isinstance(got, float):
        raise Mismatch(f"max_rel_error(a, n): a {type(got).__name__}, expected a Python float")
    assert_close(torch.tensor(got), torch.tensor(0.01 / 12.01), "max_rel_error(a, n)")


def check_swish_at_two(submission):
    """swish at x = 2 with beta = 1, and its two gradients."""
    x, beta = torch.tensor([2.0]), torch.tensor(1.0)
    found = submission.swish.vjp(x, beta, cotangent=torch.ones(1))
    assert_close(found.out, torch.tensor([1.7616]), "swish(x, beta)", atol=1e-4)
    assert_close(found.inputs.get(0), torch.tensor([1.0908]), "gradient of x", atol=1e-4)
    assert_close(found.inputs.get(1), torch.tensor(0.4200), "gradient of beta", atol=1e-4)
