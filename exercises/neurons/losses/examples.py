import torch

from grader.oracle import assert_close, assert_raises


def check_sure_and_right_sure_and_wrong(submission):
    """Binary: p = 0.99 costs 0.01005 if right and 4.605 if wrong."""
    z = torch.tensor([99.0, 1 / 99]).log()  # the logits of 0.99 and of 0.01
    y = torch.ones(2)
    expected = torch.tensor([0.01005, 4.60517])
    got = submission.bce_with_logits(z, y, reduction="none")
    assert_close(got, expected, "bce_with_logits(z, y, 'none')", atol=1e-4)
    expected = torch.tensor([-0.005, -0.495])
    assert_close(submission.bce_with_logits_grad(z, y), expected, "its gradient", atol=1e-4)


def check_three_classes(submission):
    """The cross-entropy of the task, with its gradient, and with an ignored row."""
    logits = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    target = torch.tensor([2, 0])
    mean, alone = torch.tensor(0.75311), torch.tensor(0.40761)
    assert_close(submission.cross_entropy(logits, target), mean, "cross_entropy", atol=1e-4)
    gradient = torch.tensor([[0.0450, 0.1224, -0.1674], [-0.3333, 0.1667, 0.1667]])
    got = submission.cross_entropy_grad(logits, target)
    assert_close(got, gradient, "cross_entropy_grad", atol=1e-4)
    got = submission.cross_entropy(logits, torch.tensor([2, -100]))
    assert_close(got, alone, "cross_entropy with row 1 ignored", atol=1e-4)


def check_two_errors(submission):
    """The squared and the absolute errors of the task, and the best constants."""
    p, y = torch.tensor([1.0, 4.0, 2.0]), torch.tensor([3.0, 4.0, -1.0])
    assert_close(submission.mse(p, y), torch.tensor(13 / 3), "mse")
    assert_close(submission.mae(p, y), torch.tensor(5 / 3), "mae")
    assert_close(submission.mse_grad(p, y), torch.tensor([-4 / 3, 0.0, 2.0]), "mse_grad")
    assert_close(submission.mae_grad(p, y), torch.tensor([-1 / 3, 0.0, 1 / 3]), "mae_grad")
    for loss, best in (("mse", 22.0), ("mae", 3.0)):
        c = submission.best_constant(torch.tensor([1.0, 2.0, 3.0, 4.0, 100.0]), loss)
        assert_close(torch.tensor(c), torch.tensor(best), f"best_constant(y, {loss!r})")
    with assert_raises("mse of shapes (3, 1) and (3,)", naming="y"):
        submission.mse(p[:, None], y)
