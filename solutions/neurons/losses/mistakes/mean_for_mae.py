"""You answer with the mean for mae. One outlier moves it far; half above and half below is the
median.
caught by: check_best_constant
"""

import torch
from torch import Tensor


def _same_shape(a: Tensor, y: Tensor) -> None:
    if a.shape != y.shape:
        raise ValueError(f"y has shape {tuple(y.shape)}, expected {tuple(a.shape)}")


def _reduced(rows: Tensor, reduction: str, count: int) -> Tensor:
    if reduction == "none":
        return rows
    if reduction == "sum":
        return rows.sum()
    if reduction == "mean":
        return rows.sum() / count
    raise ValueError(f"reduction {reduction!r} is none of mean, sum, none")


def bce_with_logits(z: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    _same_shape(z, y)
    rows = z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))
    return _reduced(rows, reduction, len(z))


def bce_with_logits_grad(z: Tensor, y: Tensor) -> Tensor:
    _same_shape(z, y)
    return (torch.sigmoid(z) - y) / len(z)


def _kept(logits: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    if target.shape != logits.shape[:1]:
        raise ValueError(f"target has shape {tuple(target.shape)}, expected ({len(logits)},)")
    kept = target != ignore_index
    if not ((target >= 0) & (target < logits.shape[1]))[kept].all():
        raise ValueError(f"target has values outside 0..{logits.shape[1] - 1}")
    return kept, torch.where(kept, target, 0)


def cross_entropy(
    logits: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    kept, classes = _kept(logits, target, ignore_index)
    rows = logits.logsumexp(1) - logits[torch.arange(len(logits)), classes]
    return _reduced(torch.where(kept, rows, 0), reduction, max(1, int(kept.sum())))


def cross_entropy_grad(logits: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    kept, classes = _kept(logits, target, ignore_index)
    gradient = logits.softmax(1)
    gradient[torch.arange(len(logits)), classes] -= 1
    return gradient * kept[:, None] / max(1, int(kept.sum()))


def mse(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    _same_shape(p, y)
    return _reduced((p - y).square(), reduction, len(p))


def mse_grad(p: Tensor, y: Tensor) -> Tensor:
    _same_shape(p, y)
    return 2 * (p - y) / len(p)


def mae(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    _same_shape(p, y)
    return _reduced((p - y).abs(), reduction, len(p))


def mae_grad(p: Tensor, y: Tensor) -> Tensor:
    _same_shape(p, y)
    return torch.sign(p - y) / len(p)


def best_constant(y: Tensor, loss: str) -> float:
    if loss == "mse":
        return y.mean().item()
    if loss == "mae":
        return y.mean().item()
    raise ValueError(f"loss {loss!r} is neither mse nor mae")
