"""One module for each head, post-norm as in the first transformer, sinusoids, dropout."""

import math

import torch
from torch import nn


class Head(nn.Module):
    def __init__(self, d_model, width):
        super().__init__()
        self.key = nn.Linear(d_model, width, bias=False)
        self.query = nn.Linear(d_model, width, bias=False)
        self.value = nn.Linear(d_model, width, bias=False)

    def forward(self, x):
        T = x.shape[1]
        scores = self.query(x) @ self.key(x).transpose(1, 2) * self.key.out_features**-0.5
        scores = scores.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf"))
        return torch.softmax(scores, dim=-1) @ self.value(x)


class Block(nn.Module):
    def __init__(self, d, n_heads):
        super().__init__()
        self.heads = nn.ModuleList([Head(d, d // n_heads) for _ in range(n_heads)])
        self.out, self.drop = nn.Linear(d, d), nn.Dropout(0.1)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.ReLU(), nn.Linear(4 * d, d))
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(self, x):
        read = self.out(torch.cat([head(x) for head in self.heads], dim=-1))
        x = self.norm1(x + self.drop(read))
        return self.norm2(x + self.drop(self.mlp(x)))


class GPT(nn.Module):
    def __init__(self, vocab_size, block_size, d_model=64, n_heads=4, n_layers=2):
        super().__init__()
        self.embed, self.head = nn.Embedding(vocab_size, d_model), nn.Linear(d_model, vocab_size)
        self.blocks = nn.Sequential(*[Block(d_model, n_heads) for _ in range(n_layers)])
        place = torch.arange(block_size)[:, None]
        angle = place * torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        table = torch.stack([angle.sin(), angle.cos()], dim=2).reshape(block_size, d_model)
        self.register_buffer("table", table)

    def forward(self, idx):
        if idx.shape[1] > len(self.table):
            raise ValueError("the input is longer than block_size")
        return self.head(self.blocks(self.embed(idx) + self.table[: idx.shape[1]]))
