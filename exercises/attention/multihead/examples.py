import torch

from grader.oracle import assert_close, assert_raises, assert_tensor, randn

X = torch.tensor([[[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 2.0, 0.0]]])


def with_identities(submission, n_heads):
    """A layer of width 4 whose four projections leave their input as it is."""
    layer = submission.MultiHeadAttention(4, n_heads, bias=False)
    layer.load_state_dict({f"W_{name}.weight": torch.eye(4) for name in "qkvo"})
    return layer


def check_shapes(submission):
    """(2, 5, 12) with 3 heads gives (2, 5, 12), and weights of shape (2, 3, 5, 5)."""
    layer = submission.MultiHeadAttention(12, 3)
    out = layer(randn(2, 5, 12, seed=0, dtype=torch.float32))
    assert_tensor(out, "layer(x)", shape=(2, 5, 12))
    assert_tensor(layer.last_weights, "last_weights", shape=(2, 3, 5, 5))


def check_one_head(submission):
    """The worked example with one head."""
    expected = torch.tensor([[[0.6225, 0.3775, 2.0, 0.0], [0.3775, 0.6225, 2.0, 0.0]]])
    assert_close(with_identities(submission, 1)(X), expected, "layer(x)", atol=1e-4)


def check_two_heads(submission):
    """The worked example with two heads."""
    expected = torch.tensor([[[0.6698, 0.3302, 2.0, 0.0], [0.3302, 0.6698, 2.0, 0.0]]])
    assert_close(with_identities(submission, 2)(X), expected, "layer(x)", atol=1e-4)


def check_uneven_heads(submission):
    """10 columns cannot be shared by 3 heads."""
    with assert_raises("MultiHeadAttention(10, 3)", naming="n_heads"):
        submission.MultiHeadAttention(10, 3)
