import torch

from grader.oracle import assert_close, assert_equal, unpack

Q = torch.tensor([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 2.0, 0.0]])
K = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
V = torch.tensor([[10.0, 0.0], [0.0, 10.0]])


def check_two_tokens(submission):
    """The worked example of the README: two queries, two keys."""
    out, weights = unpack(submission.attention(Q, K, V), 2, "attention(q, k, v)")
    assert_close(weights, torch.tensor([[0.5, 0.5], [0.7311, 0.2689]]), "weights", atol=1e-4)
    assert_close(out, torch.tensor([[5.0, 5.0], [7.3106, 2.6894]]), "out", atol=1e-4)


def check_two_tokens_causal(submission):
    """In the causal example the first query reads only itself."""
    answer = submission.attention(Q, K, V, causal=True)
    out, weights = unpack(answer, 2, "attention(q, k, v, causal=True)")
    assert_close(weights, torch.tensor([[1.0, 0.0], [0.7311, 0.2689]]), "weights", atol=1e-4)
    assert_close(out, torch.tensor([[10.0, 0.0], [7.3106, 2.6894]]), "out", atol=1e-4)


def check_nothing_to_read(submission):
    """A query that may read nothing gets zeros."""
    mask = torch.tensor([[True, True], [False, False]])
    out, _ = unpack(submission.attention(Q, K, V, mask), 2, "attention(q, k, v, mask)")
    assert_close(out, torch.tensor([[5.0, 5.0], [0.0, 0.0]]), "out", atol=1e-4)


def check_small_masks(submission):
    """The masks of three positions."""
    causal = torch.tensor([[1, 0, 0], [1, 1, 0], [1, 1, 1]]).bool()
    assert_equal(submission.causal_mask(3), causal, "causal_mask(3)")
    prefix = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 1, 1]]).bool()
    assert_equal(submission.prefix_mask(3, 2), prefix, "prefix_mask(3, 2)")
    padding = torch.tensor([[[1, 1, 0]], [[1, 0, 0]]]).bool()
    assert_equal(submission.padding_mask(torch.tensor([2, 1]), 3), padding, "padding_mask")
