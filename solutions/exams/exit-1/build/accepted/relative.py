"""A learned bias for each distance, a large negative mask, dropout, a cosine by hand."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width, heads, block_size):
        super().__init__()
        self.heads, self.drop = heads, nn.Dropout(0.05)
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.bias = nn.Parameter(torch.zeros(heads, block_size))

    def forward(self, x: Tensor) -> Tensor:
        T = x.shape[1]
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)
        distance = torch.arange(T)[:, None] - torch.arange(T)
        scores = torch.einsum("bihc,bjhc->bhij", q, k) / math.sqrt(q.shape[-1])
        scores = scores + self.bias[:, distance.clamp(min=0)] - 1e9 * (distance < 0)
        read = torch.einsum("bhij,bjhc->bihc", self.drop(scores.softmax(-1)), v)
        x = x + self.out(read.flatten(2))
        return x + self.down(self.up(self.norm2(x)).relu().square())


class Model(nn.Module):
    def __init__(self, vocab_size, block_size, width=64):
        super().__init__()
        self.token = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.token.weight, std=0.1)
        self.blocks = nn.ModuleList([Block(width, 4, block_size) for _ in range(2)])
        self.norm = nn.RMSNorm(width)

    def forward(self, idx: Tensor) -> Tensor:
        x = self.token(idx)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.token.weight.T


def make_model(vocab_size, block_size):
    return Model(vocab_size, block_size)


def train(model, get_batch, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95))
    for step in range(steps):
        rate = min((step + 1) / 50, 0.5 * (1 + math.cos(math.pi * step / steps)))
        optimizer.param_groups[0]["lr"] = 1e-2 * rate
        x, y = get_batch()
        loss = F.cross_entropy(model(x).transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.detach()
