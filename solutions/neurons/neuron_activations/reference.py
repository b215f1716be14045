"""From one neuron to XOR: every exp here is of a number that is at most 0."""

import math

import torch
from torch import Tensor


def _sigmoid(z: Tensor) -> Tensor:
    """With e = exp(-|z|): 1 / (1 + e) on the right, e / (1 + e) on the left."""
    e = torch.exp(-z.abs())
    return torch.where(z >= 0, 1, e) / (1 + e)


def _tanh(z: Tensor) -> Tensor:
    return 2 * _sigmoid(2 * z) - 1


def _phi(z: Tensor) -> Tensor:
    """The share of a standard normal that lies below z."""
    return (1 + torch.erf(z / math.sqrt(2))) / 2


def _density(z: Tensor) -> Tensor:
    return torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)


ACTIVATIONS = {
    "relu": lambda z: z.clamp(min=0),
    "leaky_relu": lambda z: torch.where(z > 0, z, 0.01 * z),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "gelu": lambda z: z * _phi(z),
}
SLOPES = {
    "relu": lambda z: (z > 0).to(z.dtype),
    "leaky_relu": lambda z: torch.ones_like(z).where(z > 0, 0.01),
    "sigmoid": lambda z: _sigmoid(z) * _sigmoid(-z),
    "tanh": lambda z: 1 - _tanh(z).square(),
    "gelu": lambda z: _phi(z) + z * _density(z),
}


def _known(table: dict, name: str):
    if name not in table:
        raise ValueError(f"name {name!r} is none of {', '.join(table)}")
    return table[name]


def act(name: str, z: Tensor) -> Tensor:
    return _known(ACTIVATIONS, name)(z)


def dact(name: str, z: Tensor) -> Tensor:
    return _known(SLOPES, name)(z)


def neuron(X: Tensor, w: Tensor, b: float, name: str) -> Tensor:
    return act(name, X @ w + b)


def collapse(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Multiply it out: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)."""
    return W2 @ W1, W2 @ b1 + b2


def best_linear_xor() -> tuple[Tensor, float]:
    """Least squares. The best line is no line at all: it says 0.5 everywhere."""
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    xor = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    ones = torch.ones(4, 1, dtype=torch.float64)
    solved = torch.linalg.lstsq(torch.cat([X, ones], 1), xor[:, None], driver="gelsd")
    w1, w2, b = solved.solution[:, 0]
    return torch.stack([w1, w2]), b.item()


def xor_net() -> dict[str, Tensor]:
    """With s = x1 + x2: relu(s) - 2 relu(s - 1) goes 0, 1, 0 as s goes 0, 1, 2."""
    return {
        "W1": torch.tensor([[1.0, 1.0], [1.0, 1.0]]),
        "b1": torch.tensor([0.0, -1.0]),
        "W2": torch.tensor([[1.0, -2.0]]),
        "b2": torch.tensor([0.0]),
    }


def _largest(z: Tensor, dim: int) -> Tensor:
    """The largest entry of each slice; 0 where all are -inf, since -inf - -inf is nan."""
    top = z.amax(dim, keepdim=True)
    return torch.where(top == -torch.inf, 0, top)


def logsumexp(z: Tensor, dim: int) -> Tensor:
    top = _largest(z, dim)
    return (top + torch.exp(z - top).sum(dim, keepdim=True).log()).squeeze(dim)


def softmax(z: Tensor, dim: int) -> Tensor:
    e = torch.exp(z - _largest(z, dim))
    return e / e.sum(dim, keepdim=True)


def log_softmax(z: Tensor, dim: int) -> Tensor:
    """The log of the quotient is a difference, and the difference needs no small number."""
    below = z - _largest(z, dim)
    return below - torch.exp(below).sum(dim, keepdim=True).log()
