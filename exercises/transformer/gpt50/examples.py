import math

import torch
import torch.nn.functional as F

from grader.oracle import Mismatch, assert_equal, assert_tensor, generator

IDS = torch.randint(0, 65, (2, 8), generator=generator(0))


def check_shapes(submission):
    """GPT(65, 8) turns ids (2, 8) into logits (2, 8, 65), and the first 5 ids into (2, 5, 65)."""
    model = submission.GPT(65, 8)
    assert_tensor(model(IDS), "model(idx)", shape=(2, 8, 65), dtype=torch.float32)
    assert_tensor(model(IDS[:, :5].contiguous()), "model(idx[:, :5])", shape=(2, 5, 65))


def check_the_last_token_is_not_seen_before(submission):
    """Changing the last of 8 tokens leaves the logits of the first 7 as they were."""
    model = submission.GPT(65, 8).eval()
    before = assert_tensor(model(IDS), "model(idx)", shape=(2, 8, 65))
    changed = IDS.clone()
    changed[:, -1] = (changed[:, -1] + 1) % 65
    after = assert_tensor(model(changed), "model(idx)", shape=(2, 8, 65))
    assert_equal(after[:, :-1], before[:, :-1], "logits before the changed token")


def check_first_loss(submission):
    """An untrained model has a loss near ln 65 = 4.17 on random tokens."""
    model = submission.GPT(65, 8).eval()
    logits = assert_tensor(model(IDS), "model(idx)", shape=(2, 8, 65))
    targets = torch.randint(0, 65, (2, 8), generator=generator(1))
    loss = float(F.cross_entropy(logits.flatten(0, 1), targets.flatten()))
    if not abs(loss - math.log(65)) < 0.7:
        raise Mismatch(f"the loss is {loss:.2f}, expected about 4.17", error=loss, allowed=4.9)
