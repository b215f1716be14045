"""You keep the weights when the validation loss is higher than before. A loss is better when it is
lower.
caught by: check_ends_with_the_best
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

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
    opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    history: dict[str, Any] = {name: [] for name in ("train", "val", "acc", "lr", "grad_norm")}
    best, best_epoch, lowest = {}, 0, -float("inf")
    for epoch in range(epochs):
        rate = lr * schedule(epoch)
        opt.param_groups[0]["lr"] = rate
        train, norm = train_epoch(model, opt, train_batches(epoch), max_norm)
        val, acc = validate(model, val_batches)
        save(epoch, model.state_dict())
        row = {"train": train, "val": val, "acc": acc, "lr": rate, "grad_norm": norm}
        for name, value in row.items():
            history[name].append(value)
        if val > lowest:
            best = {name: value.clone() for name, value in model.state_dict().items()}
            best_epoch, lowest = epoch, val
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(best)
    return {**history, "best_epoch": best_epoch}


def train_epoch(
    model: nn.Module, opt: torch.optim.Optimizer, batches: list[Batch], max_norm: float
) -> tuple[float, float]:
    model.train()
    total, n, longest = 0.0, 0, 0.0
    for x, y in batches:
        loss = cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        opt.step()
        total, n, longest = total + loss.item() * len(y), n + len(y), max(longest, norm.item())
    return total / n, longest


@torch.no_grad()
def validate(model: nn.Module, batches: list[Batch]) -> tuple[float, float]:
    model.eval()
    total, right, n = 0.0, 0, 0
    for x, y in batches:
        logits = model(x)
        total += cross_entropy(logits, y).item() * len(y)
        right += int((logits.argmax(1) == y).sum())
        n += len(y)
    return total / n, right / n


class Net(nn.Module):
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
