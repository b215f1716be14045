"""Your backward takes sigmoid(x). It is sigmoid(beta * x), as in forward.
caught by: check_swish_gradients
"""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor


def num_grad(f: Callable[[Tensor], Tensor], x: Tensor, eps: float = 1e-5) -> Tensor:
    """Two copies for each entry: one moved up, one moved down."""
    if x.dtype is not torch.float64:
        raise TypeError(f"x must be float64, not {x.dtype}: float32 drowns the difference")
    slopes = torch.zeros(x.shape, dtype=x.dtype)
    for entry in product(*map(range, x.shape)):
        up, down = x.clone(), x.clone()
        up[entry] += eps
        down[entry] -= eps
        slopes[entry] = (f(up) - f(down)) / (2 * eps)
    return slopes


def max_rel_error(a: Tensor, n: Tensor, floor: float = 1e-8) -> float:
    if a.shape != n.shape:
        raise ValueError(f"n has shape {tuple(n.shape)}, and a {tuple(a.shape)}")
    size = torch.maximum(a.abs(), n.abs()).clamp(min=floor)
    return ((a - n).abs() / size).max().item()


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, beta: Tensor) -> Tensor:
        ctx.save_for_backward(x, beta)
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor, Tensor]:
        """The slope of sigmoid is s (1 - s). beta met every entry of x, so its paths are summed."""
        x, beta = ctx.saved_tensors
        s = torch.sigmoid(x)
        dx = dy * (s + beta * x * s * (1 - s))
        dbeta = (dy * x * x * s * (1 - s)).sum()
        return dx, dbeta


def swish(x: Tensor, beta: Tensor) -> Tensor:
    return Swish.apply(x, beta)


def quad(x: Tensor) -> Tensor:
    weights = torch.arange(1, x.numel() + 1, dtype=x.dtype).reshape(x.shape)
    return (weights * x**2).sum()


def lse(x: Tensor) -> Tensor:
    return x.flatten().logsumexp(0)


def cubic(x: Tensor) -> Tensor:
    return (x**3).sum()
