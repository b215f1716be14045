"""Gradient accumulation: each part's mean weighs as much as it has targets."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

IGNORED = -100
MicroBatch = tuple[Tensor, Tensor]

EXACT = {
    "Linear": True,
    "Embedding": True,
    "LayerNorm": True,
    "GroupNorm": True,
    "BatchNorm1d": False,
    "BatchNorm1d in eval": True,
    "Dropout": False,
}


def accumulate_step(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    micro_batches: list[MicroBatch],
    max_norm: float | None = None,
) -> float:
    kept = [int((y != IGNORED).sum()) for _, y in micro_batches]
    total = sum(kept)
    if total == 0:
        raise ValueError("micro_batches hold no target that is kept")
    opt.zero_grad()
    mean = 0.0
    for (x, y), n in zip(micro_batches, kept, strict=True):
        if n == 0:
            continue
        loss = loss_fn(model(x), y) * (n / total)
        loss.backward()
        mean += loss.item()
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    opt.step()
    return mean


def train_epoch(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    micro_batches: list[MicroBatch],
    every: int,
    max_norm: float | None = None,
) -> list[float]:
    if every < 1:
        raise ValueError(f"every is {every}, expected at least 1")
    losses = []
    for start in range(0, len(micro_batches), every):
        group = micro_batches[start : start + every]
        losses.append(accumulate_step(model, opt, loss_fn, group, max_norm))
        schedule.step()
    return losses


def linear(features: int, classes: int) -> nn.Module:
    return nn.Linear(features, classes, bias=False)


def deep(features: int, width: int, classes: int, layers: int) -> nn.Module:
    body = []
    for inputs in [features] + [width] * (layers - 1):
        body += [nn.Linear(inputs, width), nn.Tanh()]
    return nn.Sequential(*body, nn.Linear(width, classes))


def mean_loss(logits: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(logits.flatten(0, -2), y.flatten(), ignore_index=IGNORED)


def sgd(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr)


def adamw(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=lr)


def halving(opt: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.ExponentialLR(opt, 0.5)
