import math

import pytest
import torch

from grader import data
from grader.oracle import Mismatch, assert_tensor, split_text, training_windows
from grader.proxy import Refused

STEPS, BATCH, BLOCK = 40, 32, 64


@pytest.fixture(scope="module")
def split():
    return split_text(data.shakespeare().text, seed=0)


def check_example_shapes(submission):
    """make_model(65, 64) turns ids (2, 64) into logits (2, 64, 65)."""
    idx = torch.arange(128).view(2, 64) % 65
    assert_tensor(submission.make_model(65, 64)(idx), "model(idx)", shape=(2, 64, 65))


def check_example_forty_steps(submission, split, record):
    """A first try of 40 steps: each takes one batch and yields one finite loss."""
    x, y = training_windows(split.train, BLOCK, STEPS * BATCH, seed=0)
    batches = list(zip(x.split(BATCH), y.split(BATCH), strict=True))

    def get_batch():
        if not batches:
            raise Refused(f"there are {STEPS} batches, one for each step, and you took them all")
        return batches.pop(0)

    model = submission.make_model(split.vocab_size, BLOCK)
    losses = [float(loss) for loss in submission.train(model, get_batch, STEPS)]
    if len(losses) != STEPS or batches:
        raise Mismatch(f"{STEPS - len(batches)} batches and {len(losses)} losses in {STEPS} steps")
    record.measure("your loss after 40 steps", losses[-1], "nats")
    if not all(math.isfinite(loss) for loss in losses):
        raise Mismatch("a loss of these 40 steps is inf or nan")
