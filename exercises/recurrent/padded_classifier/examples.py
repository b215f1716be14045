import torch

from grader.oracle import Mismatch, assert_close, assert_raises, assert_tensor
from grader.oracle.values import describe


def check_shape(submission):
    """Two sentences of 3 and 2 words, four classes: logits (2, 4)."""
    model = submission.LSTMClassifier(10, 5, 3, 4)
    x, lengths = torch.tensor([[5, 2, 7], [4, 6, 0]]), torch.tensor([3, 2])
    assert_tensor(model(x, lengths), "the logits", shape=(2, 4))


def check_one_sentence_padded(submission):
    """A sentence of two words has the same logits with one column of padding."""
    model = submission.LSTMClassifier(10, 5, 3, 4)
    model.eval()
    plain, padded = torch.tensor([[4, 6]]), torch.tensor([[4, 6, 0]])
    lengths = torch.tensor([2])
    expected = assert_tensor(model(plain, lengths), "the logits", shape=(1, 4))
    assert_close(model(padded, lengths), expected, "the logits with padding")


def check_empty_sentence(submission):
    """A length of 0 raises a ValueError that names `lengths`."""
    model = submission.LSTMClassifier(10, 5, 3, 4)
    with assert_raises("a length of 0", naming="lengths"):
        model(torch.ones(2, 3, dtype=torch.int64), torch.tensor([2, 0]))


def check_fit_runs(submission):
    """Two steps of training give two losses."""
    model = submission.LSTMClassifier(10, 5, 3, 4)
    batch = torch.ones(2, 3, dtype=torch.int64), torch.tensor([3, 2]), torch.tensor([0, 3])
    losses = submission.fit(model, [batch, batch])
    if not isinstance(losses, list) or [type(loss) for loss in losses] != [float, float]:
        raise Mismatch(f"fit returned {describe(losses)}, expected a list of 2 floats")
