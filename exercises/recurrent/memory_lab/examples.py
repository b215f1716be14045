import torch

from grader.oracle import Mismatch, assert_close, unpack
from grader.proxy import Remote


def check_one_unit_by_hand(submission):
    """The RNN of one unit in the task: distances 1, 2, 4 with U = 2."""
    cell = submission.make_cell("rnn", 1, 1)
    one, zero = torch.ones(1, 1), torch.zeros(1)
    cell.load_state_dict(
        {"weight_ih_l0": one, "weight_hh_l0": 2 * one, "bias_ih_l0": zero, "bias_hh_l0": zero}
    )
    got = submission.grad_by_distance(cell, torch.zeros(1, 3, 1))
    assert_close(got, torch.tensor([1.0, 2, 4]), "grad_by_distance")


def check_clip_by_hand(submission):
    """3 and 4 have the norm 5: clipped to 1 they are 0.6 and 0.8."""
    gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
    for max_norm, right in ((1.0, (0.6, 0.8)), (9.0, (3.0, 4.0))):
        got = unpack(submission.clip(gradients, max_norm), 2, "clip")
        for mine, value in zip(got, right, strict=True):
            assert_close(mine, torch.tensor([value]), f"clip to {max_norm:g}")


def check_a_short_training(submission, record):
    """A training of 20 steps runs, and takes one batch in each."""
    source = torch.Generator().manual_seed(0)

    def get_batch(T):
        x = torch.randint(8, 16, (32, T), generator=source)
        x[:, 0] = torch.randint(8, (32,), generator=source)
        return x, x[:, 0].clone()

    losses = submission.train_recall(submission.Recall("lstm"), get_batch, 20)
    if not isinstance(losses, Remote):
        raise Mismatch("train_recall returned no generator; write `yield loss.item()` in the loop")
    losses = list(losses)
    if len(losses) != 20:
        raise Mismatch(f"train_recall yielded {len(losses)} losses, expected 20")
    record.measure("loss after 20 steps", losses[-1])
