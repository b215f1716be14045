import torch

from grader.oracle import Mismatch, assert_close

X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
y = torch.tensor([1.0, 2.0, 3.0, 2.0], dtype=torch.float64)


def check_mean_gradient_of_the_readme(submission):
    """At w = 0 the four gradients of single rows have the mean [-1, -2]."""
    grads = submission.batch_grads(torch.zeros(2, dtype=torch.float64), X, y, 1, 0)
    expected = torch.tensor([[-3.0, 0.0], [-1.0, 0.0], [0.0, -4.0], [0.0, -4.0]])
    if isinstance(grads, torch.Tensor) and grads.shape == (4, 2):
        order = sorted(range(4), key=lambda i: grads[i].tolist())
        grads = grads[order]
    assert_close(grads, expected.double(), "batch_grads, sorted")


def check_largest_lr_of_the_readme(submission):
    """The largest eigenvalue is 2, so the largest learning rate is 1."""
    lr = submission.largest_lr(X)
    if not isinstance(lr, float) or abs(lr - 1) > 1e-6:
        raise Mismatch(f"largest_lr: got {lr}, expected 1.0")


def check_two_steps_of_the_readme(submission):
    """Two steps with the rates 0.5 and 0.25: the losses 1.25 and 0.140625."""
    rows = torch.tensor([[0, 1], [0, 1]])
    log = submission.run(X, y, rows, lambda step: 0.5 / (step + 1))
    if log != {"lr": [0.5, 0.25], "loss": [1.25, 0.140625]}:
        raise Mismatch(f"run: got {log}")
