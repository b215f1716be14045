"""A tiny transformer and the loop that trains it, in at most 50 lines.

Docstrings, comments, blank lines and imports are free; `grade lines build.py` counts the others.
Characters come as numbers 0..V-1 under a secret numbering that is drawn for each sitting.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def make_model(vocab_size: int, block_size: int) -> nn.Module:
    """A fresh model: (B, T) int64 ids, 1 <= T <= block_size, to (B, T, vocab_size) float32 logits.

    - Position t reads 0..t and nothing later. A row does not depend on the others of its batch.
    - The oldest character of a window still has a say.
    - state_dict() holds all that the model learnt, at most 2,000,000 numbers: loaded into another
      make_model(vocab_size, block_size) it gives the same answers.
    - In eval mode nothing is random, and nothing is remembered from one call to the next.
    """
    raise NotImplementedError("make_model: your code goes here")


def train(model, get_batch, steps):
    """Train `model` in place: a generator that yields one loss for each step.

    Each of the `steps` rounds:
        x, y = get_batch()   (32, 64) int64 each; y is x one character ahead: y[b, t] is the
                             target of position t
        one step of your optimiser
        yield the loss       the mean cross-entropy of this batch, in nats; a float, or a tensor
                             with one number

    Exactly one batch for each yield, and `steps` yields; one batch more raises RuntimeError.
    Between two yields the grader calls model.eval(), asks it, and calls model.train() again.
    torch's seed is set before the file is loaded.
    """
    raise NotImplementedError("train: your code goes here")
