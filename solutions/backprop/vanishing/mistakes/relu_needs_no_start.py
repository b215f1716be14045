"""You think relu is safe from any start. Its slope is 1, but the weights shrink the signal at
every layer.
caught by: check_conclusion
"""

import math

import torch
from torch import Tensor

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}

CONCLUSIONS = {
    "sigmoid xavier": "vanishes",
    "sigmoid xavier norm": "steady",
    "sigmoid xavier residual": "steady",
    "tanh xavier": "steady",
    "relu default": "steady",
    "relu he": "steady",
    "relu unit": "explodes",
    "relu tiny": "steady",
}


def make_weights(depth: int, width: int, init: str, seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    spread = {
        "xavier": math.sqrt(1 / width),
        "he": math.sqrt(2 / width),
        "default": math.sqrt(1 / (3 * width)),
        "unit": 1.0,
        "tiny": 0.01,
    }
    if init not in spread:
        raise ValueError(f"init {init!r} is none of {', '.join(spread)}")
    shape = (depth, width, width)
    return list(spread[init] * torch.randn(shape, generator=generator))


def _normalised(z: Tensor) -> Tensor:
    return (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()


def grad_profile(
    weights: list[Tensor],
    x: Tensor,
    target: Tensor,
    act: str,
    norm: bool = False,
    residual: bool = False,
) -> Tensor:
    leaves = [W.detach().clone().requires_grad_() for W in weights]
    a = x
    for W in leaves:
        z = a @ W.T
        out = ACTIVATIONS[act](_normalised(z) if norm else z)
        a = a + out if residual else out
    loss = (a - target).square().mean()
    return torch.stack([g.norm() for g in torch.autograd.grad(loss, leaves)])


def fate(profile: Tensor) -> str:
    first = profile[0].item()
    if not profile.isfinite().all() or first > 1e2:
        return "explodes"
    return "vanishes" if first < 1e-6 else "steady"
