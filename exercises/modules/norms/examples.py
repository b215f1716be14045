import torch

from grader.oracle import assert_close

X = torch.tensor([[1.0, 2.0, 6.0], [3.0, 0.0, 0.0]])


def check_layernorm_by_hand(submission):
    """The worked example of the task: each row gets mean 0."""
    expected = torch.tensor([[-0.9258, -0.4629, 1.3887], [1.4142, -0.7071, -0.7071]])
    assert_close(submission.MyLayerNorm(3)(X), expected, "MyLayerNorm(3)(X)", atol=1e-4)


def check_batchnorm_by_hand(submission):
    """The same numbers by column, and what the buffers remember."""
    layer = submission.MyBatchNorm1d(3)
    expected = torch.tensor([[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
    assert_close(layer(X), expected, "MyBatchNorm1d(3)(X)", atol=1e-4)
    assert_close(layer.running_mean, torch.tensor([0.2, 0.1, 0.3]), "running_mean")
    assert_close(layer.running_var, torch.tensor([1.1, 1.1, 2.7]), "running_var")


def check_batchnorm_after_eval(submission):
    """A new layer after eval() has mean 0 and variance 1 in its buffers: nearly nothing happens."""
    layer = submission.MyBatchNorm1d(3)
    layer.eval()
    assert_close(layer(X[:1]), X[:1], "MyBatchNorm1d(3)(X[:1]) after eval()", atol=1e-4)
