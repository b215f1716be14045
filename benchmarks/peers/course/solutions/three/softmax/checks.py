import torch

SHAPES = [(3,), (2, 5), (5, 2), (1, 4), (2, 3, 4), (4, 1, 3)]


def cases():
    """Thirty tensors, each with an axis; every axis and both dtypes are among them."""
    for n in range(30):
        shape, dtype = SHAPES[n % len(SHAPES)], (torch.float32, torch.float64)[n // 6 % 2]
        x = torch.randn(shape, generator=torch.Generator().manual_seed(n), dtype=dtype)
        yield x, n // 6 % len(shape) - len(shape) * (n % 2)


def check_definition(submission):
    """Every slice along `dim` matches the definition, for every axis and dtype."""
    for x, dim in cases():
        torch.testing.assert_close(submission.softmax(x, dim=dim), torch.softmax(x, dim))


def check_default_axis(submission):
    """Without `dim` it is the last axis, and each row sums to 1."""
    for x, _ in cases():
        got = submission.softmax(x)
        torch.testing.assert_close(got.sum(-1), torch.ones(x.shape[:-1], dtype=x.dtype))
        torch.testing.assert_close(got, torch.softmax(x, -1))


def check_large_scores(submission):
    """Scores of 1000 overflow nowhere."""
    for shift in (100.0, 1000.0, -1000.0):
        x = torch.tensor([[0.0, 1.0, 2.0], [2.0, 0.0, -1.0]]) + shift
        torch.testing.assert_close(submission.softmax(x), torch.softmax(x, -1))


def check_hidden_scores(submission):
    """A score of -inf has a weight of exactly 0."""
    x = torch.tensor([[0.0, -torch.inf, 2.0], [-torch.inf, 1.0, -torch.inf]])
    got = submission.softmax(x)
    torch.testing.assert_close(got, torch.softmax(x, -1))
    assert (got[x == -torch.inf] == 0).all()
