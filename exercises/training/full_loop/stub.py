"""The whole training loop. Edit this file, then run `grade full_loop`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Batch = tuple[Tensor, Tensor]


def fit(
    model: nn.Module,
    train_batches: Callable[[int], list[Batch]],
    val_batches: list[Batch],
    *,
    epochs: int,
    lr: float,
    weight_decay: float,
    max_norm: float,
    schedule: Callable[[int], float],
    patience: int,
    save: Callable[[int, dict[str, Tensor]], None],
) -> dict[str, Any]:
    """Train `model` in place, and leave it with its best weights.

    A batch is x (B, D), y (B,) int64; the loss is cross-entropy of model(x) (B, K); B may differ
    from batch to batch. The optimiser is one AdamW with this `weight_decay`, its other settings
    as torch has them. Epochs are counted from 0; each of them, in this order:

        learning rate   lr * schedule(epoch), for all steps of the epoch
        training        one step on each batch of train_batches(epoch), called once, in training
                        mode; the gradients of all parameters together are clipped to length
                        max_norm
        validation      loss and accuracy over all rows of val_batches, in evaluation mode, with
                        gradients switched off; the model runs once per batch
        checkpoint      save(epoch, model.state_dict()), with the weights as they are now
        early stop      training ends if `patience` epochs in a row have had no lower validation
                        loss than the best epoch before them

    Returns: the history, a dict of
        "train"       list of float: mean loss over the epoch's rows, each batch before its step
        "val", "acc"  list of float: validation loss and accuracy, means over all rows
        "lr"          list of float: the learning rate used
        "grad_norm"   list of float: the largest gradient length of the epoch, before clipping
        "best_epoch"  int: the epoch with the lowest validation loss, the first if several have it
    Each list has one entry per epoch that was run. Afterwards the model holds the parameters and
    buffers that it had at the end of best_epoch.
    """
    raise NotImplementedError("fit: your code goes here")


# Given: models that the checks train. Leave them as they are.


class Net(nn.Module):
    """Batch normalisation and dropout, and a memory of how it was called."""

    def __init__(self, features: int, width: int, classes: int):
        super().__init__()
        self.first = nn.Linear(features, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(width, classes)
        self.calls: list[tuple[bool, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.calls.append((self.norm.training, torch.is_grad_enabled()))
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))


def plain(features: int, width: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, width), nn.Tanh(), nn.Linear(width, classes))
