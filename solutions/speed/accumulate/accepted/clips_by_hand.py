"""Sums first, one division at the end, and clipping by hand."""

import math
from collections.abc import Callable
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

IGNORED = -100
EXACT = {
    "Linear": True,
    "Embedding": True,
    "LayerNorm": True,
    "GroupNorm": True,
    "BatchNorm1d": False,
    "BatchNorm1d in eval": True,
    "Dropout": False,
}


def accumulate_step(model, opt, loss_fn, micro_batches, max_norm=None):
    kept = [int(torch.count_nonzero(y != IGNORED)) for _, y in micro_batches]
    if not sum(kept):
        raise ValueError("no target in micro_batches")
    model.zero_grad(set_to_none=True)
    total = 0.0
    for (x, y), n in zip(micro_batches, kept, strict=True):
        if not n:
            continue
        loss = loss_fn(model(x), y)
        (loss * n).backward()
        total += loss.item() * n
    for p in model.parameters():
        if p.grad is not None:
            p.grad /= sum(kept)
    if max_norm:
        norm = math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters()))
        if norm > max_norm:
            for p in model.parameters():
                p.grad.mul_(max_norm / norm)
    opt.step()
    return total / sum(kept)


def train_epoch(model, opt, schedule, loss_fn, micro_batches, every, max_norm=None):
    if every < 1:
        raise ValueError("every")
    it = iter(micro_batches)
    losses = []
    while group := list(islice(it, every)):
        losses += [accumulate_step(model, opt, loss_fn, group, max_norm=max_norm)]
        schedule.step()
    return losses


# Given: what the checks train with. Leave it as it is.


def linear(features: int, classes: int) -> nn.Module:
    """One matrix: x (*, features) -> logits (*, classes)."""
    return nn.Linear(features, classes, bias=False)


def deep(features: int, width: int, classes: int, layers: int) -> nn.Module:
    """x (*, features) -> logits (*, classes)."""
    body = []
    for inputs in [features] + [width] * (layers - 1):
        body += [nn.Linear(inputs, width), nn.Tanh()]
    return nn.Sequential(*body, nn.Linear(width, classes))


def mean_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy over the kept targets: logits (*, classes), y (*)."""
    return cross_entropy(logits.flatten(0, -2), y.flatten(), ignore_index=IGNORED)


def sgd(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr)


def adamw(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=lr)


def halving(opt: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    """Each `step()` halves the learning rate."""
    return torch.optim.lr_scheduler.ExponentialLR(opt, 0.5)
