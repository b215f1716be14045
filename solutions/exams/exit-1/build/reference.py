"""A GPT and the loop that teaches it, in fewer than 50 lines."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Every position reads itself and its past, through several heads."""

    def __init__(self, d_model: int, n_heads: int, block_size: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.register_buffer("past", torch.ones(block_size, block_size).tril().bool())

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        heads = self.qkv(x).view(B, T, 3, self.n_heads, C // self.n_heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, heads, T, head size)
        scores = q @ k.mT / math.sqrt(C // self.n_heads)
        weights = scores.masked_fill(~self.past[:T, :T], -math.inf).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    """Read, then think; each adds to the stream and replaces nothing."""

    def __init__(self, d_model: int, n_heads: int, block_size: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attention = Attention(d_model, n_heads, block_size)
        wide = 4 * d_model
        self.mlp = nn.Sequential(nn.Linear(d_model, wide), nn.GELU(), nn.Linear(wide, d_model))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Characters in, logits of the next character out."""

    def __init__(self, vocab_size, block_size, d_model=64, n_heads=4, n_layers=2) -> None:
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.position = nn.Embedding(block_size, d_model)
        blocks = [Block(d_model, n_heads, block_size) for _ in range(n_layers)]
        self.blocks = nn.Sequential(*blocks)
        self.norm, self.head = nn.LayerNorm(d_model), nn.Linear(d_model, vocab_size)

    def forward(self, idx: Tensor) -> Tensor:
        x = self.token(idx) + self.position(torch.arange(idx.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def make_model(vocab_size: int, block_size: int) -> nn.Module:
    """Two layers, 64 wide: small enough that 1,000 steps are many."""
    return GPT(vocab_size, block_size)


def train(model, get_batch, steps):
    """AdamW at a rate that warms up and fades out, gradients clipped."""
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(steps):
        x, y = get_batch()
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()
