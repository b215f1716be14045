"""You logged the mean of all losses so far. That hides what happens now: log the loss of this step.
caught by: check_run
"""

from collections.abc import Callable

import torch
from torch import Tensor


def loss_of(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    return ((X @ w - y) ** 2).mean() / 2


def gradient(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    return X.T @ (X @ w - y) / len(y)


def batch_grads(w: Tensor, X: Tensor, y: Tensor, batch: int, seed: int) -> Tensor:
    if batch < 1 or len(y) % batch:
        raise ValueError(f"batch must divide {len(y)} rows, not {batch}")
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return torch.stack([gradient(w, X[rows], y[rows]) for rows in order.split(batch)])


def lr_sweep(X: Tensor, y: Tensor, lrs: list[float], steps: int) -> list[float]:
    losses = []
    for lr in lrs:
        w = X.new_zeros(X.shape[1])
        for _ in range(steps):
            w = w - lr * gradient(w, X, y)
        losses.append(loss_of(w, X, y).item())
    return losses


def largest_lr(X: Tensor) -> float:
    curvatures = torch.linalg.eigvalsh(X.T @ X / len(X))
    return 2 / curvatures.max().item()


def run(
    X: Tensor, y: Tensor, rows: Tensor, schedule: Callable[[int], float]
) -> dict[str, list[float]]:
    w = X.new_zeros(X.shape[1])
    losses: list[float] = []
    log: dict[str, list[float]] = {"lr": [], "loss": []}
    for step, here in enumerate(rows):
        lr = schedule(step)
        log["lr"].append(lr)
        losses.append(loss_of(w, X[here], y[here]).item())
        log["loss"].append(sum(losses) / len(losses))
        w = w - lr * gradient(w, X[here], y[here])
    return log
