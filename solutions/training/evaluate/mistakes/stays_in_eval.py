"""You leave the model in evaluation mode, so the next epoch trains without dropout. Put the mode
back.
caught by: check_restores_the_mode
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: list[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
) -> dict[str, float | int | Tensor]:
    if not loader:
        raise ValueError("loader has no batches, so there is nothing to measure")
    model.eval()
    try:
        total, n, confusion = 0.0, 0, None
        for x, y in loader:
            logits = model(x)
            total += loss_fn(logits, y).item() * len(y)
            n += len(y)
            classes = logits.shape[1]
            pairs = (y * classes + logits.argmax(1)).bincount(minlength=classes * classes)
            table = pairs.reshape(classes, classes)
            confusion = table if confusion is None else confusion + table
    finally:
        model.eval()
    right = int(confusion.trace())
    return {"loss": total / n, "accuracy": right / n, "n": n, "confusion": confusion}


class Net(nn.Module):
    def __init__(self, features: int, classes: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(features)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(features, classes)
        self.calls: list[tuple[bool, bool, bool, int]] = []

    def forward(self, x: Tensor) -> Tensor:
        mode = (self.norm.training, self.drop.training, torch.is_grad_enabled(), len(x))
        self.calls.append(mode)
        return self.head(self.drop(self.norm(x)))


def plain_loss(logits: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(logits, y)


def smoothed_loss(logits: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(logits, y, label_smoothing=0.3)
