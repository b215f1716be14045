import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads, dropout=0.0, bias=True):
        super().__init__()
        if d_model % n_heads != 0:
            raise ValueError("d_model must be divisible by n_heads")
        self.h = n_heads
        self.dk = d_model // n_heads
        self.W_q = nn.Linear(d_model, d_model, bias)
        self.W_k = nn.Linear(d_model, d_model, bias)
        self.W_v = nn.Linear(d_model, d_model, bias)
        self.W_o = nn.Linear(d_model, d_model, bias)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None, causal=False):
        B, T, C = x.shape
        # split into heads
        q = self.W_q(x).view(B, self.h, T, self.dk)
        k = self.W_k(x).view(B, self.h, T, self.dk)
        v = self.W_v(x).view(B, self.h, T, self.dk)
        att = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.dk)
        ok = torch.ones(T, T).bool()
        if causal:
            ok = torch.tril(ok)
        if mask is not None:
            ok = ok & mask
        att = att.masked_fill(~ok, -float("inf"))
        att = torch.nan_to_num(torch.softmax(att, -1))
        att = self.drop(att)
        self.last_weights = att.detach()
        out = torch.matmul(att, v).view(B, T, C)
        return self.W_o(out)
