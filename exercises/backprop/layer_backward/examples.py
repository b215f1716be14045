import torch

from grader.oracle import assert_close, unpack


def check_linear_by_hand(submission):
    """The 2 x 2 linear layer of the task, forward and backward."""
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    W, b = torch.tensor([[2.0, 0.0], [1.0, -1.0]]), torch.tensor([0.5, 1.0])
    y, cache = unpack(submission.linear_fwd(x, W, b), 2, "linear_fwd")
    assert_close(y, torch.tensor([[2.5, 0.0], [6.5, 5.0]]), "y")
    dy = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
    dx, dW, db = unpack(submission.linear_bwd(dy, cache), 3, "linear_bwd")
    assert_close(dx, torch.tensor([[2.0, 0.0], [3.0, 1.0]]), "dx")
    assert_close(dW, torch.tensor([[7.0, 0.0], [-3.0, 1.0]]), "dW")
    assert_close(db, torch.tensor([3.0, -1.0]), "db")


def check_two_equal_logits(submission):
    """Two equal logits cost log 2, and the gradient is a half up, a half down."""
    loss, cache = unpack(
        submission.softmax_ce_fwd(torch.zeros(1, 2), torch.tensor([1])), 2, "softmax_ce_fwd"
    )
    assert_close(loss, torch.tensor(2.0).log(), "loss")
    dlogits = submission.softmax_ce_bwd(torch.tensor(1.0), cache)
    assert_close(dlogits, torch.tensor([[0.5, -0.5]]), "dlogits")


def check_repeated_index(submission):
    """Row 1 is read twice, so it gets both gradients."""
    W = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y, cache = unpack(submission.embedding_fwd(torch.tensor([1, 0, 1]), W), 2, "embedding_fwd")
    assert_close(y, torch.tensor([[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]), "y")
    dW = submission.embedding_bwd(torch.tensor([[1.0, 1.0], [5.0, 6.0], [10.0, 20.0]]), cache)
    assert_close(dW, torch.tensor([[5.0, 6.0], [11.0, 21.0], [0.0, 0.0]]), "dW")
