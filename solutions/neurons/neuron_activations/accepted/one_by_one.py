"""The same by other means: branches, hand-made weights, and the log written as z - logsumexp(z)."""

import math

import torch
from torch import Tensor


def _logistic(z: Tensor) -> Tensor:
    return torch.where(z < 0, torch.exp(z.clamp(max=0)), 1) / (1 + torch.exp(-z.abs()))


def act(name: str, z: Tensor) -> Tensor:
    if name == "relu":
        return torch.maximum(z, torch.zeros_like(z))
    if name == "leaky_relu":
        return z.clamp(min=0) + 0.01 * z.clamp(max=0)
    if name == "sigmoid":
        return _logistic(z)
    if name == "tanh":
        e = torch.exp(-2 * z.abs())
        return z.sign() * (1 - e) / (1 + e)
    if name == "gelu":
        return 0.5 * z * torch.erfc(-z / math.sqrt(2))
    raise ValueError(f"unknown activation {name}")


def dact(name: str, z: Tensor) -> Tensor:
    if name == "relu":
        return (z > 0) * torch.ones_like(z)
    if name == "leaky_relu":
        return 0.01 + 0.99 * torch.heaviside(z, torch.zeros_like(z))
    if name in ("sigmoid", "tanh"):
        y = act(name, z)
        return y * (1 - y) if name == "sigmoid" else (1 - y) * (1 + y)
    if name == "gelu":
        cdf = 0.5 * torch.erfc(-z / math.sqrt(2))
        return cdf + z * torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    raise ValueError(f"unknown activation {name}")


def neuron(X: Tensor, w: Tensor, b: float, name: str) -> Tensor:
    return act(name, (X * w).sum(1) + b)


def collapse(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.einsum("kh,hd->kd", W2, W1), (W2 * b1).sum(1) + b2


def best_linear_xor() -> tuple[Tensor, float]:
    return torch.zeros(2), 0.5


def xor_net() -> dict[str, Tensor]:
    """relu(x1 - x2) + relu(x2 - x1) is |x1 - x2|."""
    return {
        "W1": torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64),
        "b1": torch.zeros(2, dtype=torch.float64),
        "W2": torch.ones(1, 2, dtype=torch.float64),
        "b2": torch.zeros(1, dtype=torch.float64),
    }


def logsumexp(z: Tensor, dim: int) -> Tensor:
    largest = z.amax(dim, keepdim=True).clamp(min=torch.finfo(z.dtype).min)
    return largest.squeeze(dim) + (z - largest).exp().sum(dim).log()


def softmax(z: Tensor, dim: int) -> Tensor:
    return log_softmax(z, dim).exp()


def log_softmax(z: Tensor, dim: int) -> Tensor:
    return z - logsumexp(z, dim).unsqueeze(dim)
