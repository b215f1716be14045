import torch

from grader.oracle import assert_close, unpack


def check_one_step(submission):
    """The weight of the README: 2 - 0.1 * (-18) = 3.8."""
    (row,) = unpack(
        submission.updated([torch.tensor(2.0)], [torch.tensor(-18.0)], 0.1, 1), 1, "updated"
    )
    assert_close(row["value"], torch.tensor(3.8), "w after sgd_update_([w], 0.1)")


def check_one_average(submission):
    """The average of the README: 0.9 * 1 + 0.1 * 5 = 1.4."""
    rows = submission.averaged([torch.tensor(1.0)], [torch.tensor(5.0)], 0.1, 1, False)
    target, online = unpack(rows, 2, "averaged")
    assert_close(target["value"], torch.tensor(1.4), "t after ema_update_([t], [o], 0.1)")
    assert_close(online["value"], torch.tensor(5.0), "o after ema_update_([t], [o], 0.1)")


def check_one_loss(submission):
    """The loss of the README: the mean of 1 and 9."""
    loss = submission.stop_grad_mse(torch.tensor([2.0, 3.0]), torch.tensor([1.0, 6.0]))
    assert_close(loss, torch.tensor(5.0), "stop_grad_mse(pred, target)")
