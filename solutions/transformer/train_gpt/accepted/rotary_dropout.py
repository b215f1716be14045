"""Rotations, dropout, a cosine by hand, weight decay on matrices only; yields tensors."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads, self.norm1, self.norm2 = n_heads, nn.RMSNorm(d_model), nn.RMSNorm(d_model)
        self.q, self.k, self.v, self.out = (
            nn.Linear(d_model, d_model, bias=False) for _ in range(4)
        )
        self.drop = nn.Dropout(0.1)
        self.up = nn.Linear(d_model, 4 * d_model, bias=False)
        self.down = nn.Linear(4 * d_model, d_model, bias=False)

    def heads(self, x: Tensor, rotate: bool) -> Tensor:
        x = x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        if not rotate:
            return x
        T, half = x.shape[2], x.shape[3] // 2
        speed = 100.0 ** -(torch.arange(half) / half)
        angle = torch.arange(T)[:, None] * speed
        a, b = x[..., :half], x[..., half:]
        cos, sin = angle.cos(), angle.sin()
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        q, k, v = (
            self.heads(self.q(y), True),
            self.heads(self.k(y), True),
            self.heads(self.v(y), False),
        )
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        y = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        x = x + self.drop(self.out(y.transpose(1, 2).flatten(2)))
        return x + self.drop(self.down(self.up(self.norm2(x)).relu().square()))


class GPT(nn.Module):
    def __init__(self, vocab_size, block_size, d_model=64, n_heads=4, n_layers=2):
        super().__init__()
        self.block_size = block_size
        self.token = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.token.weight, std=0.1)
        self.blocks = nn.ModuleList([Block(d_model, n_heads) for _ in range(n_layers)])
        self.norm = nn.RMSNorm(d_model)

    def forward(self, idx: Tensor) -> Tensor:
        assert idx.shape[1] <= self.block_size, "longer than block_size"
        x = self.token(idx)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.token.weight.T


def make_model(vocab_size, block_size):
    return GPT(vocab_size, block_size)


def train(model, get_batch, steps):
    decay = [p for p in model.parameters() if p.dim() == 2]
    keep = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": keep, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
    model.train()
    for step in range(steps):
        rate = min((step + 1) / 50, 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * rate
        x, y = get_batch()
        logits = model(x)
        loss = F.cross_entropy(logits.transpose(1, 2), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield loss.detach()
