"""Gradient accumulation. Edit this file, then run `grade accumulate`.

A batch is too large for the memory, so it comes in parts, the micro-batches. One step on all of
them must change the weights as one step on the whole batch would, to the last digits.

Everything here runs on a simulated device of 6 MB: tensors that do not fit raise
`torch.OutOfMemoryError`, on every machine at the same place.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

IGNORED = -100
MicroBatch = tuple[Tensor, Tensor]

# Does one accumulated step equal the step on the whole batch if the network has this layer, and is
# in training mode? True or False for each; `eval` is a BatchNorm1d that was set to evaluation mode.
EXACT = {
    "Linear": None,
    "Embedding": None,
    "LayerNorm": None,
    "GroupNorm": None,
    "BatchNorm1d": None,
    "BatchNorm1d in eval": None,
    "Dropout": None,
}


def accumulate_step(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    micro_batches: list[MicroBatch],
    max_norm: float | None = None,
) -> float:
    """One optimiser step on all micro-batches together; returns the loss of the whole batch.

    Each micro-batch is (x, y). x is what the model takes, y int64 of any shape; an entry of
    y that is IGNORED (-100) has no loss. The others are the kept targets. loss_fn(model(x), y) is
    the MEAN over the kept targets of that micro-batch, and nan where it has none.

    The loss of the whole batch is the mean over ALL kept targets, whichever part they are in.
    A micro-batch without kept targets changes nothing.

    Gradients that are there from before do not count. With `max_norm` the gradient of the
    whole batch is clipped, once, to that length over all parameters (`clip_grad_norm_`). `opt`
    steps once. The model runs once per micro-batch, in the mode in which it came, and what one
    part needs of memory is free before the next one runs.

    Returns: the loss of the whole batch, before the step, as a Python float.
    Raises: ValueError that names `micro_batches` if there is no kept target in them at all.
    """
    raise NotImplementedError("accumulate_step: your code goes here")


def train_epoch(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    micro_batches: list[MicroBatch],
    every: int,
    max_norm: float | None = None,
) -> list[float]:
    """Steps on groups of `every` micro-batches in their order; the last group may be smaller.

    `schedule.step()` is called once after each optimiser step.

    Returns: the losses of the steps, ceil(len(micro_batches) / every) floats.
    Raises: ValueError that names `every` if it is below 1.
    """
    raise NotImplementedError("train_epoch: your code goes here")


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
