"""Predicts the next letter of a text with a small transformer.

Design: a context of 32 letters, width 48, 4 heads, 2 blocks, causal; 120 steps.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, d, heads, length):
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(d, 3 * d)
        self.merge = nn.Linear(d, d)
        self.pre = nn.LayerNorm(d)
        self.post = nn.LayerNorm(d)
        self.feed = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
        self.register_buffer("mask", torch.ones(length, length).tril().bool())

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = self.project(x).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        score = q @ k.transpose(-2, -1) / math.sqrt(C // self.heads)
        score = score.masked_fill(~self.mask[:T, :T], float("-inf"))
        return self.merge((score.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        x = self.attend(self.pre(x)) + x
        return x + self.feed(self.post(x))


class Net(nn.Module):
    def __init__(self, vocab, length, d=48, heads=4, layers=2):
        super().__init__()
        self.emb = nn.Embedding(vocab, d)
        self.pos = nn.Embedding(length, d)
        self.blocks = nn.ModuleList(Block(d, heads, length) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.to_vocab = nn.Linear(d, vocab)

    def forward(self, ids):
        x = self.emb(ids) + self.pos(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.to_vocab(self.norm(x))


def get_batch(text, batch, length):
    begins = torch.randint(0, len(text) - length - 1, (batch,))
    x = torch.stack([text[i : i + length] for i in begins])
    y = torch.stack([text[i + 1 : i + length + 1] for i in begins])
    return x, y


def loss_fn(model, x, y):
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


def evaluate(model, text, length):
    losses = [loss_fn(model, *get_batch(text, 16, length)) for _ in range(4)]
    return sum(losses).item() / 4


def train(data, seed, steps=120, batch=16, length=32, lr=4e-3):
    torch.manual_seed(seed)
    model = Net(data["vocab"], length)
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    for step in range(steps):
        loss = loss_fn(model, *get_batch(data["text"], batch, length))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        yield model, dict(loss=loss.item())
        if (step + 1) % 40 == 0:
            yield model, {"val_loss": evaluate(model, data["text_val"], length)}
