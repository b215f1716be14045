"""Sums first: gradients of sums add up, and one division at the end makes the mean."""

from itertools import islice

import torch
from torch import nn
from torch.nn.functional import cross_entropy

EXACT = dict(
    zip(
        (
            "Linear",
            "Embedding",
            "LayerNorm",
            "GroupNorm",
            "BatchNorm1d",
            "BatchNorm1d in eval",
            "Dropout",
        ),
        (True, True, True, True, False, True, False),
        strict=True,
    )
)


def accumulate_step(model, opt, loss_fn, micro_batches, max_norm=None):
    opt.zero_grad(set_to_none=True)
    total = n = 0
    for x, y in micro_batches:
        kept = y.ne(-100).count_nonzero().item()
        if kept:
            loss = loss_fn(model(x), y) * kept
            loss.backward()
            total, n = total + loss.item(), n + kept
    if not n:
        raise ValueError("every target of micro_batches is ignored")
    for p in model.parameters():
        if p.grad is not None:
            p.grad /= n
    if max_norm:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    opt.step()
    return total / n


def train_epoch(model, opt, schedule, loss_fn, micro_batches, every, max_norm=None):
    if every <= 0:
        raise ValueError("every must be positive")
    parts, losses = iter(micro_batches), []
    while group := list(islice(parts, every)):
        losses.append(accumulate_step(model, opt, loss_fn, group, max_norm))
        schedule.step()
    return losses


def linear(features, classes):
    return nn.Linear(features, classes, bias=False)


def deep(features, width, classes, layers):
    body = []
    for inputs in [features] + [width] * (layers - 1):
        body += [nn.Linear(inputs, width), nn.Tanh()]
    return nn.Sequential(*body, nn.Linear(width, classes))


def mean_loss(logits, y):
    return cross_entropy(logits.flatten(0, -2), y.flatten())


def sgd(model, lr):
    return torch.optim.SGD(model.parameters(), lr=lr)


def adamw(model, lr):
    return torch.optim.AdamW(model.parameters(), lr=lr)


def halving(opt):
    return torch.optim.lr_scheduler.ExponentialLR(opt, 0.5)
