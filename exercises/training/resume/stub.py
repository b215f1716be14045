"""Checkpoints that continue exactly. Edit this file, then run `grade resume`.

A checkpoint is a dict of plain values: tensors, numbers, strings, None, and lists, tuples and dicts
of them. `torch.save(checkpoint, path)` would write it to a file, and
`torch.load(path, weights_only=True)` read it again without running code that a stranger put into
the file. The grader carries your checkpoints from one process to the next instead.
"""

import random
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

Checkpoint = dict[str, Any]


class CheckpointError(Exception):
    """A checkpoint that cannot be loaded; the message says why."""


def save_checkpoint(
    model: nn.Module, opt: Optimizer, sched: LRScheduler, epoch: int, extra: Any = None
) -> Checkpoint:
    """All that the next epoch depends on, as it is now. Saving changes nothing.

    Returns: a dict with exactly these keys
        "model"  model.state_dict()        "epoch"  as given: the number of finished epochs
        "opt"    opt.state_dict()          "extra"  as given: any plain value
        "sched"  sched.state_dict()
        "rng"    {"torch": torch.get_rng_state(), "python": random.getstate()}
    Training that goes on afterwards does not change the checkpoint: its tensors are copies.
    """
    raise NotImplementedError("save_checkpoint: your code goes here")


def load_checkpoint(
    checkpoint: Checkpoint, model: nn.Module, opt: Optimizer, sched: LRScheduler
) -> dict[str, Any]:
    """Put all of it back, random states included; returns {"epoch": ..., "extra": ...} as saved.

    The checkpoint itself stays as it is.
    Raises: CheckpointError, whose message contains
        "checkpoint"          if it is no dict
        the name of the key   if one of the six is missing
        the parameter's name  if the model's names or shapes differ: one of those that differ
        "module."             if that is the prefix which `explain_mismatch` finds
        "opt", "sched", "rng" if that part cannot be loaded
    Then model, opt, sched and both random states are what they were before the call.
    """
    raise NotImplementedError("load_checkpoint: your code goes here")


def explain_mismatch(
    model: dict[str, list[int]], checkpoint: dict[str, list[int]]
) -> dict[str, Any]:
    """Compare names and shapes of a model with those of a checkpoint.

    Returns: a dict of
        "prefix"      "module." if every name in the checkpoint starts so and no name in the model
                      does (the mark of a model saved out of DataParallel), else "";
                      the rest compares after the prefix is taken off the checkpoint's names
        "missing"     sorted list of names that only the model has
        "unexpected"  sorted list of names that only the checkpoint has
        "shape"       sorted list of (name, the model's shape, the checkpoint's shape), different
    Without names in the checkpoint the prefix is "".
    """
    raise NotImplementedError("explain_mismatch: your code goes here")


# Given: what the checks train with. Leave all of it as it is.


def seed(number: int) -> None:
    torch.manual_seed(number)
    random.seed(number)


def started(name: str, width: int = 6) -> tuple[nn.Module, Optimizer, LRScheduler]:
    model = nn.Sequential(
        nn.Linear(4, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 3)
    )
    if name == "adam":
        opt: Optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    else:
        opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, opt, torch.optim.lr_scheduler.StepLR(opt, step_size=3, gamma=0.5)


def train(
    model: nn.Module, opt: Optimizer, sched: LRScheduler, x: Tensor, y: Tensor, epochs: int
) -> list[float]:
    """Shuffled by torch, noise by Python's random, dropout by torch."""
    losses = []
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(x)).split(8):
            noisy = x[rows] + 0.1 * random.gauss(0, 1)
            loss = nn.functional.cross_entropy(model(noisy), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
    return losses


def save_and_go_on(
    model: nn.Module, opt: Optimizer, sched: LRScheduler, x: Tensor, y: Tensor
) -> Checkpoint:
    checkpoint = save_checkpoint(model, opt, sched, 0)
    train(model, opt, sched, x, y, 2)
    return checkpoint


def everything(model: nn.Module, opt: Optimizer, sched: LRScheduler) -> list[Any]:
    parts = [model.state_dict(), opt.state_dict(), sched.state_dict()]
    return [*parts, torch.get_rng_state(), random.getstate()]
