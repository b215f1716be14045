"""All logits are joined first, then measured at once; gradients go off in a block."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def evaluate(
    model: nn.Module,
    loader: list[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
) -> dict[str, float | int | Tensor]:
    if len(loader) == 0:
        raise ValueError("loader is empty")
    before = model.training
    try:
        with torch.inference_mode():
            model.train(False)
            logits = torch.cat([model(x) for x, _ in loader])
    finally:
        model.train(before)
    y = torch.cat([labels for _, labels in loader])
    guess, classes = logits.argmax(1), logits.shape[1]
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    confusion.index_put_((y, guess), torch.ones_like(y), accumulate=True)
    accuracy = (guess == y).double().mean().item()
    sums = [loss_fn(each, target) * len(target) for each, target in parts(logits, loader)]
    return {
        "loss": float(sum(sums)) / len(y),
        "accuracy": accuracy,
        "n": len(y),
        "confusion": confusion,
    }


def parts(logits, loader):
    sizes = [len(y) for _, y in loader]
    return zip(logits.split(sizes), (y for _, y in loader), strict=True)


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
