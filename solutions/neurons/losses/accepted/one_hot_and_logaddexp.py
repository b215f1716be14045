"""The same with one-hot rows, logaddexp, and every gradient as the slope of its own formula."""

import torch
from torch import Tensor


def reduce(rows: Tensor, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError("reduction must be mean, sum or none")
    if reduction == "none":
        return rows
    return rows.sum() if reduction == "sum" else rows.mean()


def difference(p: Tensor, y: Tensor) -> Tensor:
    if p.shape != y.shape:
        raise ValueError("y must have the shape of the prediction")
    return p - y


def bce_with_logits(z: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    difference(z, y)
    return reduce(torch.logaddexp(torch.zeros_like(z), torch.where(y == 1, -z, z)), reduction)


def bce_with_logits_grad(z: Tensor, y: Tensor) -> Tensor:
    return difference(torch.sigmoid(z), y) / z.numel()


def one_hot(logits: Tensor, target: Tensor, ignore_index: int) -> Tensor:
    """(N, K), and rows of zeros where the target is ignored."""
    if target.ndim != 1 or len(target) != len(logits):
        raise ValueError("target must be of shape (N,)")
    hot = (target[:, None] == torch.arange(logits.shape[1])).to(logits.dtype)
    ignored = target == ignore_index
    hot[ignored] = 0
    if not ((hot.sum(1) == 1) | ignored).all():
        raise ValueError("target must lie in 0..K-1")
    return hot


def cross_entropy(
    logits: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    hot = one_hot(logits, target, ignore_index)
    below = logits - logits.max(1, keepdim=True).values
    rows = -(hot * (below - below.exp().sum(1, keepdim=True).log())).sum(1)
    if reduction == "mean":
        return rows.sum() / hot.sum().clamp(min=1)
    return reduce(rows, reduction)


def cross_entropy_grad(logits: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    hot = one_hot(logits, target, ignore_index)
    return (hot.sum(1, keepdim=True) * logits.softmax(1) - hot) / hot.sum().clamp(min=1)


def mse(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    return reduce(difference(p, y) ** 2, reduction)


def mse_grad(p: Tensor, y: Tensor) -> Tensor:
    return difference(p, y) * (2 / len(p))


def mae(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    return reduce(difference(p, y).abs(), reduction)


def mae_grad(p: Tensor, y: Tensor) -> Tensor:
    d = difference(p, y)
    return ((d > 0).to(d.dtype) - (d < 0).to(d.dtype)) / len(p)


def best_constant(y: Tensor, loss: str) -> float:
    """The median of an even number lies halfway between the middle two."""
    if loss not in ("mse", "mae"):
        raise ValueError("loss must be mse or mae")
    return float(y.mean()) if loss == "mse" else float(y.quantile(0.5))
