"""Compression after training: magnitude pruning, int8 per channel, and a mask of bits."""

import torch
from torch import Tensor

SPARSITY = 0.5


def smallest_to_zero(w: Tensor, sparsity: float) -> Tensor:
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity is {sparsity}, expected 0 to 1")
    pruned = w.clone().reshape(-1)
    pruned[pruned.abs().argsort()[: int(sparsity * w.numel())]] = 0
    return pruned.reshape(w.shape)


def prune_globally(state: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    names = [name for name, each in state.items() if each.ndim == 2]
    whole = torch.cat([state[name].reshape(-1) for name in names])
    parts = smallest_to_zero(whole, sparsity).split([state[name].numel() for name in names])
    pruned = {n: part.reshape(state[n].shape) for n, part in zip(names, parts, strict=True)}
    return {name: pruned.get(name, each) for name, each in state.items()}


def quantise(w: Tensor) -> tuple[Tensor, Tensor]:
    scale = w.abs().amax(1) / 127
    scale = torch.where(scale == 0, 1.0, scale)
    return (w / scale[:, None]).round().to(torch.int8), scale


def dequantise(q: Tensor, scale: Tensor) -> Tensor:
    return q * scale[:, None]


def int8_linear(x: Tensor, q: Tensor, scale: Tensor, b: Tensor) -> Tensor:
    qx, sx = quantise(x)
    sums = qx.int() @ q.int().T
    return sums * sx[:, None] * scale + b


def compress(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """For each matrix: a bit for each weight, the int8 values of those that are left, scales."""
    packed = {}
    for name, each in prune_globally(state, SPARSITY).items():
        if each.ndim < 2:
            packed[name] = each.half()
            continue
        q, scale = quantise(each)
        packed[f"{name}.mask"] = to_bits(q != 0)
        packed[f"{name}.values"] = q[q != 0]
        packed[f"{name}.scale"] = scale.half()
    return packed


def to_bits(mask: Tensor) -> Tensor:
    """Eight entries in a byte: (O, I) bool -> (O * I / 8,) uint8; 8 divides O * I."""
    weights = 2 ** torch.arange(8)
    return (mask.reshape(-1, 8) * weights).sum(1).to(torch.uint8)


def from_bits(bits: Tensor, shape: tuple[int, int]) -> Tensor:
    return (bits[:, None] >> torch.arange(8) & 1).bool().reshape(shape)


def logits(packed: dict[str, Tensor], x: Tensor) -> Tensor:
    for layer in (0, 2, 4):
        scale, b = packed[f"{layer}.weight.scale"].float(), packed[f"{layer}.bias"].float()
        mask = from_bits(packed[f"{layer}.weight.mask"], (len(b), x.shape[1]))
        q = torch.zeros(mask.shape, dtype=torch.int8)
        q[mask] = packed[f"{layer}.weight.values"]
        x = int8_linear(x, q, scale, b)
        x = x.relu() if layer < 4 else x
    return x
