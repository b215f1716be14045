"""Rotations as complex products, an outer product of angles, and a table that is sliced."""

import torch
from torch import nn


def turns(positions, d, base):
    if d % 2 == 1:
        raise ValueError("d must be even")
    rates = torch.exp(-torch.log(torch.tensor(base).double()) * torch.arange(0, d, 2) / d)
    return torch.polar(torch.ones(1).double(), torch.outer(positions.double(), rates))


def sinusoidal(T, d, base=10000.0):
    z = turns(torch.arange(T), d, base)
    out = torch.empty(T, d)
    out[:, 0::2], out[:, 1::2] = z.imag, z.real
    return out


class LearnedPositions(nn.Module):
    def __init__(self, max_len, d):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(max_len, d))

    def forward(self, x):
        if x.shape[-2] > self.table.shape[0]:
            raise ValueError("longer than max_len")
        return self.table.narrow(0, 0, x.shape[-2]) + x


def rope(x, offset=0, base=10000.0):
    T, d = x.shape[-2:]
    z = turns(torch.arange(T) + offset, d, base)
    pairs = torch.view_as_complex(x.double().reshape(*x.shape[:-1], d // 2, 2).contiguous())
    return torch.view_as_real(pairs * z).flatten(-2).to(x.dtype)


def rotary_attention(q, k, v):
    q, k = rope(q, offset=k.shape[-2] - q.shape[-2]), rope(k)
    scores = torch.einsum("...qd,...kd->...qk", q, k) * q.shape[-1] ** -0.5
    return torch.einsum("...qk,...kv->...qv", scores.softmax(dim=-1), v)
