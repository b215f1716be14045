import torch
from sklearn.datasets import load_breast_cancer

from grader.oracle import assert_close, assert_equal, unpack

X = torch.tensor([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
NEW = torch.tensor([[6.0, 6.0]])


def check_guess(submission):
    """guess of the classes 1, 2, 1 is 1; of the numbers 1, 2, 6 it is 3."""
    assert_equal(submission.guess(torch.tensor([1, 2, 1]), 2), torch.tensor([1, 1]), "guess")
    assert_close(
        submission.guess(torch.tensor([1.0, 2.0, 6.0]), 2), torch.tensor([3.0, 3.0]), "guess"
    )


def check_scale(submission):
    """scale: the README's table, with its constant column."""
    scaled, new = unpack(submission.scale(X, NEW), 2, "scale(X, X_new)")
    expected = torch.tensor([[-1.2247, 0.0], [0.0, 0.0], [1.2247, 0.0]])
    assert_close(scaled, expected, "scaled X", atol=1e-4)
    assert_close(new, torch.tensor([[2.4495, 1.0]]), "scaled X_new", atol=1e-4)


def check_linear(submission):
    """linear: through the README's points 1, 2, 6 the line is 0.5 + 1.25 x."""
    y = torch.tensor([1.0, 2.0, 6.0])
    got = submission.linear(X[:, :1], y, NEW[:, :1])
    assert_close(got, torch.tensor([8.0]), "linear at x = 6", atol=1e-3)
    got = submission.linear(X[:, :1], torch.tensor([0, 0, 1]), NEW[:, :1])
    assert_equal(got, torch.tensor([1]), "linear, classes, at x = 6")


def check_mlp_on_cancer(submission, record):
    """A network on 400 tumours; its accuracy on 169 others, in the order of the file."""
    data = load_breast_cancer()
    X, y = torch.from_numpy(data.data).float(), torch.from_numpy(data.target).long()
    got = submission.mlp(X[:400], y[:400], X[400:], 0)
    assert_equal(got, got.clamp(0, 1), "mlp")
    record.measure("accuracy on 169 tumours", float((got == y[400:]).double().mean()))
