import torch

from grader.oracle import assert_close, assert_equal, unpack

W = torch.tensor([[0.5, -1.27, 0.004], [0.0, 0.0, 0.0]])


def check_the_row_of_the_task(submission):
    """The row 0.5, -1.27, 0.004 has the scale 0.01 and becomes 50, -127, 0."""
    q, scale = unpack(submission.quantise(W), 2, "quantise")
    assert_equal(q, torch.tensor([[50, -127, 0], [0, 0, 0]], dtype=torch.int8), "q")
    assert_close(scale, torch.tensor([0.01, 1.0]), "scale")


def check_half_of_five(submission):
    """Sparsity 0.5 of five entries takes away two: the smallest magnitudes."""
    w = torch.tensor([3.0, -0.5, 2.0, 0.1, -4.0])
    assert_equal(
        submission.smallest_to_zero(w, 0.5), torch.tensor([3.0, 0.0, 2.0, 0.0, -4.0]), "pruned"
    )
