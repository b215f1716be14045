"""Your model is a table of pairs: it never looks further back than one token.
caught by: check_beats_bigram
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Pairs(nn.Module):
    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocab_size, vocab_size)

    def forward(self, idx: Tensor) -> Tensor:
        return self.table(idx)


def make_model(vocab_size: int, block_size: int) -> nn.Module:
    return Pairs(vocab_size)


def train(model, get_batch, steps):
    """AdamW at a high learning rate, which warms up for a fifth of the way and fades out."""
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-1, total_steps=steps, pct_start=0.2
    )
    for _ in range(steps):
        x, y = get_batch()
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()
