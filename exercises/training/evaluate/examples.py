import math

import torch

from grader.oracle import Mismatch, assert_equal


def measured(submission):
    """Two classes, logits 10 x: rows 1, 1, -1 in one batch and -1 in another, all of class 0."""
    model = submission.Net(1, 2)
    model.load_state_dict(
        {
            **model.state_dict(),
            "head.weight": torch.tensor([[10.0], [0.0]]),
            "head.bias": torch.zeros(2),
        }
    )
    first = (torch.tensor([[1.0], [1.0], [-1.0]]), torch.tensor([0, 0, 0]))
    second = (torch.tensor([[-1.0]]), torch.tensor([0]))
    return submission.evaluate(model, [first, second], submission.value("plain_loss"))


def check_four_rows_by_hand(submission):
    """Two of four rows are right, and the mean loss is 5: a mean over rows, not over batches."""
    got = measured(submission)
    if not isinstance(got, dict) or set(got) != {"loss", "accuracy", "n", "confusion"}:
        raise Mismatch(f"evaluate: returned {got}, expected loss, accuracy, n and confusion")
    for key, expected in (("accuracy", 0.5), ("n", 4), ("loss", 5.0)):
        if type(got[key]) is not type(expected) or not math.isclose(
            got[key], expected, abs_tol=1e-3
        ):
            raise Mismatch(f"{key}: got {got[key]}, expected {expected}")
    assert_equal(got["confusion"], torch.tensor([[2, 2], [0, 0]]), "confusion")
