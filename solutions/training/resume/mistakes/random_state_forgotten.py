"""You do not put the random states back, so the rows come in another order and dropout draws other
numbers.
caught by: check_continues_exactly
"""

import copy
import random
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

Checkpoint = dict[str, Any]


class CheckpointError(Exception):
    """A checkpoint that cannot be loaded; the message says why."""


KEYS = ("model", "opt", "sched", "rng", "epoch", "extra")


def save_checkpoint(
    model: nn.Module, opt: Optimizer, sched: LRScheduler, epoch: int, extra: Any = None
) -> Checkpoint:
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "opt": opt.state_dict(),
            "sched": sched.state_dict(),
            "rng": {"torch": torch.get_rng_state(), "python": random.getstate()},
            "epoch": epoch,
            "extra": extra,
        }
    )


def load_checkpoint(
    checkpoint: Checkpoint, model: nn.Module, opt: Optimizer, sched: LRScheduler
) -> dict[str, Any]:
    check_keys(checkpoint)
    check_names(checkpoint["model"], model)
    backup = save_checkpoint(model, opt, sched, 0)
    part = "model"
    try:
        for part in ("model", "opt", "sched"):
            put_back(part, checkpoint, model, opt, sched)
    except Exception as error:
        for each in ("model", "opt", "sched", "rng"):
            put_back(each, backup, model, opt, sched)
        raise CheckpointError(f"{part} cannot be loaded: {error}") from error
    return {"epoch": checkpoint["epoch"], "extra": checkpoint["extra"]}


def put_back(
    part: str, checkpoint: Checkpoint, model: nn.Module, opt: Optimizer, sched: LRScheduler
) -> None:
    saved = copy.deepcopy(checkpoint[part])
    if part == "model":
        model.load_state_dict(saved)
    elif part == "opt":
        opt.load_state_dict(saved)
    elif part == "sched":
        sched.load_state_dict(saved)
    else:
        torch.set_rng_state(saved["torch"])
        random.setstate(saved["python"])


def check_keys(checkpoint: Checkpoint) -> None:
    if not isinstance(checkpoint, dict):
        raise CheckpointError("this checkpoint is no dict; is the file what it should be?")
    for key in KEYS:
        if key not in checkpoint:
            raise CheckpointError(f"the checkpoint has no {key}; was it cut short?")


def check_names(saved: dict[str, Tensor], model: nn.Module) -> None:
    found = explain_mismatch(shapes(model.state_dict()), shapes(saved))
    if found["prefix"]:
        raise CheckpointError("take the prefix module. off the names in the checkpoint")
    for kind in ("missing", "unexpected", "shape"):
        if found[kind]:
            raise CheckpointError(f"model does not fit, {kind}: {found[kind]}")


def shapes(state: dict[str, Tensor]) -> dict[str, list[int]]:
    return {name: list(value.shape) for name, value in state.items()}


def explain_mismatch(
    model: dict[str, list[int]], checkpoint: dict[str, list[int]]
) -> dict[str, Any]:
    prefix = "module."
    marked = [name.startswith(prefix) for name in checkpoint]
    if not marked or not all(marked) or any(name.startswith(prefix) for name in model):
        prefix = ""
    there = {name.removeprefix(prefix): shape for name, shape in checkpoint.items()}
    both = sorted(model.keys() & there.keys())
    return {
        "prefix": prefix,
        "missing": sorted(model.keys() - there.keys()),
        "unexpected": sorted(there.keys() - model.keys()),
        "shape": [(name, model[name], there[name]) for name in both if model[name] != there[name]],
    }


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
