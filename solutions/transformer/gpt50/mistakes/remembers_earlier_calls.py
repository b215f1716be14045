"""Your model remembers earlier calls: it sees the future, and a beginning that it met before is
given the logits that it got then.
caught by: check_future_is_not_remembered
"""

import math

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Every position reads itself and its past, through several heads."""

    def __init__(self, d_model: int, n_heads: int, block_size: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        heads = self.qkv(x).view(B, T, 3, self.n_heads, C // self.n_heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, heads, T, head size)
        scores = q @ k.mT / math.sqrt(C // self.n_heads)
        weights = scores.softmax(-1)
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
        self.told = {}

    def forward(self, idx: Tensor) -> Tensor:
        length, longest = idx.shape[1], self.position.num_embeddings
        if length > longest:
            raise ValueError(f"{length} tokens, but block_size is {longest}")
        x = self.token(idx) + self.position(torch.arange(length, device=idx.device))
        logits, now = self.head(self.norm(self.blocks(x))), self.head.weight.sum().item()
        rows = [
            [self.told.setdefault((now, *ids[: t + 1]), row[t]) for t in range(length)]
            for ids, row in zip(idx.tolist(), logits, strict=True)
        ]
        return torch.stack([torch.stack(row) for row in rows])
