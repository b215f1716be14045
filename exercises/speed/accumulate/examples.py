import math

import torch

from grader.oracle import Mismatch, assert_close

PARTS = [
    (torch.tensor([[1.0], [1.0], [1.0]]), torch.tensor([0, 0, 0])),
    (torch.tensor([[-2.0]]), torch.tensor([1])),
]


def started(submission):
    model = submission.linear(1, 2)
    model.load_state_dict({"weight": torch.zeros(2, 1)})
    return model, submission.sgd(model, 1.0), submission.value("mean_loss")


def check_three_rows_and_one(submission):
    """The parts of 3 rows and of 1 row of the task move the weights to 0.625 and -0.625."""
    model, opt, loss_fn = started(submission)
    loss = submission.accumulate_step(model, opt, loss_fn, PARTS)
    assert_close(model.state_dict()["weight"], torch.tensor([[0.625], [-0.625]]), "the weights")
    if type(loss) is not float or abs(loss - math.log(2)) > 1e-6:
        raise Mismatch(f"accumulate_step: returned {str(loss)[:40]}, expected ln 2 = 0.693147")


def check_a_group_that_is_left_over(submission):
    """Three micro-batches in groups of two are two steps, with learning rates 1 and 0.5."""
    model, opt, loss_fn = started(submission)
    schedule = submission.halving(opt)
    losses = submission.train_epoch(model, opt, schedule, loss_fn, [*PARTS, PARTS[1]], 2)
    if not isinstance(losses, list) or len(losses) != 2:
        raise Mismatch(f"train_epoch: returned {str(losses)[:80]}, expected two losses")
    # The logits of -2 are now -1.25 and 1.25, so class 0 has the share 1 / (1 + e^2.5).
    share = 1 / (1 + math.exp(2.5))
    expected = 0.625 + 0.5 * 2 * share
    assert_close(model.state_dict()["weight"][0, 0], torch.tensor(expected), "the first weight")
