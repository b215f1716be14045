"""Three ways to tell attention where a token stands."""

import math

import torch
from torch import Tensor, nn


def angles(first: int, T: int, d: int, base: float) -> Tensor:
    """(T, d / 2) float64: the angle of each pair at the positions first .. first + T - 1."""
    if d % 2:
        raise ValueError(f"d must be even, not {d}")
    positions = torch.arange(first, first + T, dtype=torch.float64)
    pairs = torch.arange(d // 2, dtype=torch.float64)
    return positions[:, None] * base ** (-2 * pairs / d)


def interleave(even: Tensor, odd: Tensor) -> Tensor:
    """(..., d / 2) twice -> (..., d), column by column in turns."""
    return torch.stack((even, odd), -1).flatten(-2)


def sinusoidal(T: int, d: int, base: float = 10000.0) -> Tensor:
    a = angles(0, T, d, base)
    return interleave(a.sin(), a.cos()).float()


class LearnedPositions(nn.Module):
    """A table with one trainable vector for each position."""

    def __init__(self, max_len: int, d: int) -> None:
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(max_len, d))

    def forward(self, x: Tensor) -> Tensor:
        length, max_len = x.shape[-2], self.table.shape[0]
        if length > max_len:
            raise ValueError(f"{length} positions, but max_len is {max_len}")
        return x + self.table[:length]


def rope(x: Tensor, offset: int = 0, base: float = 10000.0) -> Tensor:
    """Computed in float64, as the angles are, and rounded once at the end."""
    a = angles(offset, x.shape[-2], x.shape[-1], base)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = interleave(even * a.cos() - odd * a.sin(), even * a.sin() + odd * a.cos())
    return turned.to(x.dtype)


def rotary_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    first = k.shape[-2] - q.shape[-2]
    scores = rope(q, first) @ rope(k).transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.softmax(-1) @ v
