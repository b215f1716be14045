"""You multiplied `x` in place, so the caller's tensor changed as well; make a new tensor.
caught by: check_keeps_inputs
"""

import math

import torch
from torch import Tensor, nn


class MyLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


class MyEmbedding(nn.Module):
    def __init__(self, n: int, d: int, padding_idx: int | None = None) -> None:
        super().__init__()
        if padding_idx is not None and not 0 <= padding_idx < n:
            raise ValueError(f"padding_idx must be from 0 to {n - 1}, not {padding_idx}")
        table = torch.randn(n, d)
        if padding_idx is not None:
            table[padding_idx] = 0
        self.weight = nn.Parameter(table)
        self.padding_idx = padding_idx

    def forward(self, ids: Tensor) -> Tensor:
        if ids.dtype not in (torch.int64, torch.int32):
            raise TypeError(f"ids must be int64 or int32, not {ids.dtype}")
        if ((ids < 0) | (ids >= len(self.weight))).any():
            raise IndexError(f"ids must be from 0 to {len(self.weight) - 1}")
        rows = self.weight[ids]
        if self.padding_idx is None:
            return rows
        return torch.where((ids == self.padding_idx)[..., None], rows.detach(), rows)


class MyDropout(nn.Module):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must be from 0 to 1, not {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0
        kept = torch.rand(x.shape) >= self.p
        x *= kept / (1 - self.p)
        return x


class TwoLayerMLP(nn.Module):
    def __init__(self, in_dim: int, hidden: int, out_dim: int) -> None:
        super().__init__()
        self.fc1 = MyLinear(in_dim, hidden)
        self.fc2 = MyLinear(hidden, out_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(torch.relu(self.fc1(x)))


class MLP(nn.Module):
    def __init__(self, in_dim: int, hidden: list[int], out_dim: int, dropout: float = 0.3) -> None:
        super().__init__()
        layers, width = [], in_dim
        for next_width in hidden:
            layers += [MyLinear(width, next_width), nn.BatchNorm1d(next_width)]
            layers += [nn.ReLU(), MyDropout(dropout)]
            width = next_width
        self.layers = nn.Sequential(*layers, MyLinear(width, out_dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def count_params(module: nn.Module, trainable_only: bool = False) -> int:
    chosen = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum(p.numel() for p in chosen)
