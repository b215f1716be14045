"""einsum, a masked table, Bernoulli draws, ModuleList and a loop."""

import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter((2 * torch.rand(out_features, in_features) - 1) * bound)
        drawn = (2 * torch.rand(out_features) - 1) * bound
        self.register_parameter("bias", nn.Parameter(drawn) if bias else None)

    def forward(self, x):
        y = torch.einsum("...i,oi->...o", x, self.weight)
        return y if self.bias is None else y + self.bias


class MyEmbedding(nn.Module):
    def __init__(self, n, d, padding_idx=None):
        super().__init__()
        if padding_idx is not None and (padding_idx < 0 or padding_idx >= n):
            raise ValueError("padding_idx is out of range")
        self.n, self.padding_idx = n, padding_idx
        self.weight = nn.Parameter(torch.empty(n, d).normal_())
        if padding_idx is not None:
            with torch.no_grad():
                self.weight[padding_idx].zero_()

    def forward(self, ids):
        if ids.is_floating_point() or ids.dtype == torch.bool:
            raise TypeError("ids must be integers")
        if ids.numel() and (int(ids.min()) < 0 or int(ids.max()) >= self.n):
            raise IndexError("ids out of range")
        flat = self.weight.index_select(0, ids.reshape(-1))
        if self.padding_idx is not None:
            flat = flat * (ids.reshape(-1, 1) != self.padding_idx)
        return flat.reshape(*ids.shape, -1)


class MyDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not (p >= 0 and p <= 1):
            raise ValueError("p must be a probability")
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        dropped = torch.bernoulli(torch.full_like(x, self.p)).bool()
        return (x / max(1 - self.p, 1e-6)).masked_fill(dropped, 0)


class TwoLayerMLP(nn.Module):
    def __init__(self, in_dim, hidden, out_dim):
        super().__init__()
        self.fc2 = MyLinear(hidden, out_dim)
        self.fc1 = MyLinear(in_dim, hidden)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class MLP(nn.Module):
    def __init__(self, in_dim, hidden, out_dim, dropout=0.3):
        super().__init__()
        sizes = [in_dim, *hidden, out_dim]
        self.layers = nn.ModuleList()
        for i, b in enumerate(hidden):
            block = MyLinear(sizes[i], b), nn.BatchNorm1d(b), nn.ReLU(), MyDropout(dropout)
            self.layers.extend(block)
        self.layers.append(MyLinear(sizes[-2], out_dim))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def count_params(module, trainable_only=False):
    total = 0
    for p in module.parameters():
        if p.requires_grad or not trainable_only:
            total += p.numel()
    return total
