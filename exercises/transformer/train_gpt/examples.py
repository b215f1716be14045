import math

import pytest
import torch

from grader import data
from grader.oracle import (
    Mismatch,
    NGram,
    assert_tensor,
    held_out_windows,
    split_text,
    training_windows,
)
from grader.proxy import Refused

STEPS, BATCH, BLOCK = 40, 32, 64


@pytest.fixture(scope="module")
def split():
    return split_text(data.shakespeare().text, seed=0)


def check_shapes(submission):
    """make_model(65, 64) turns ids (2, 64) into logits (2, 64, 65)."""
    idx = torch.arange(128).view(2, 64) % 65
    assert_tensor(submission.make_model(65, 64)(idx), "model(idx)", shape=(2, 64, 65))


def check_forty_steps(submission, split, record):
    """A first try of 40 steps: each takes one batch, and the loss falls by 0.3 nats or more."""
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
    windows = held_out_windows(split.a, BLOCK, 1000, seed=0)
    bigram = NGram(split.train, split.vocab_size, 2).bits(windows).mean() * math.log(2)
    record.measure("your loss after 40 steps", losses[-1], "nats")
    record.measure("bigram, the first bar", float(bigram), "nats")
    if not losses[-1] < losses[0] - 0.3:
        raise Mismatch(f"the loss went from {losses[0]:.2f} to {losses[-1]:.2f} nats in 40 steps")
