"""A model and the loop that teaches it. Your GPT of the exercise before belongs in this file too.

The grader owns everything that decides whether it worked: the text, which part of it is held out,
the batches, the number of steps (600) and the seed. It looks at your model between your yields,
and afterwards loads its state_dict() into a fresh process and scores it on text that no process
of yours has met.

Characters come as numbers 0..V-1 under a secret numbering that changes with learner and seed.
Not available: the ready-made transformers, attentions and recurrent layers (Transformer*,
MultiheadAttention, scaled_dot_product_attention, is_causal, GRU, LSTM, RNN). Only torch and math
may be imported. Optimisers, schedules and cross_entropy are there for you.

Limits: 90 CPU seconds of one thread for training and the grader's looks at it; 600 steps of a
model of two layers, 64 wide, take about 25.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def make_model(vocab_size: int, block_size: int) -> nn.Module:
    """A fresh model: (B, T) int64 ids, T <= block_size, to (B, T, vocab_size) float32 raw logits.

    - Position t reads 0..t and nothing later. A row does not depend on the others of its batch.
    - The oldest character of a window still has a say, and order matters.
    - state_dict() holds all that the model learnt, at most 2,000,000 numbers: loaded into another
      make_model(vocab_size, block_size) it gives the same answers.
    - In eval mode nothing is random. In training mode dropout is welcome.
    """
    raise NotImplementedError("make_model: your code goes here")


def train(model, get_batch, steps):
    """Train `model` in place: a generator that yields one loss per step.

    Each of the `steps` rounds:
        x, y = get_batch()   (32, 64) int64 each; y is x one character ahead: y[b, t] is the
                             target of position t
        one step of your optimiser
        yield the loss       the mean cross-entropy of this batch before the step, in nats; a
                             float, or a tensor with one number

    Conventions:
    - Exactly one batch for each yield, and `steps` yields. One batch more raises RuntimeError.
    - Between two yields the grader calls model.eval(), asks it, and calls model.train() again.
      What you do after the last yield counts as well.
    - torch's seed is set before the file is loaded.
    """
    raise NotImplementedError("train: your code goes here")
