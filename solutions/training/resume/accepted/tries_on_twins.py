"""Everything is tried on copies first, and the real ones are touched only when all went well."""

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


def copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copied(each) for each in value)
    return value


def save_checkpoint(model, opt, sched, epoch, extra=None):
    rng = {"torch": torch.get_rng_state(), "python": random.getstate()}
    parts = {"model": model.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict()}
    return copied({**parts, "rng": rng, "epoch": epoch, "extra": extra})


def load_checkpoint(checkpoint, model, opt, sched):
    if not isinstance(checkpoint, dict):
        raise CheckpointError("a checkpoint is a dict")
    for key in ("epoch", "extra", "sched", "rng", "opt", "model"):
        if key not in checkpoint:
            raise CheckpointError(f"{key} is missing")
    checkpoint = copied(checkpoint)
    found = explain_mismatch(
        {name: list(value.shape) for name, value in model.state_dict().items()},
        {name: list(value.shape) for name, value in checkpoint["model"].items()},
    )
    wrong = [found["prefix"], *found["missing"], *found["unexpected"], *found["shape"]]
    if any(wrong):
        raise CheckpointError(f"these do not fit: {wrong}")
    try:
        copy.deepcopy(opt).load_state_dict(checkpoint["opt"])
    except Exception as error:
        raise CheckpointError(f"opt: {error}") from error
    if not isinstance(checkpoint["sched"], dict):
        raise CheckpointError("sched is no dict")
    before = torch.get_rng_state(), random.getstate()
    try:
        torch.set_rng_state(checkpoint["rng"]["torch"])
        random.setstate(checkpoint["rng"]["python"])
    except Exception as error:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        raise CheckpointError(f"rng: {error}") from error
    model.load_state_dict(checkpoint["model"])
    opt.load_state_dict(checkpoint["opt"])
    sched.load_state_dict(checkpoint["sched"])
    return {"epoch": checkpoint["epoch"], "extra": checkpoint["extra"]}


def explain_mismatch(model, checkpoint):
    names = list(checkpoint)
    prefix = ""
    if names and all(n.startswith("module.") for n in names):
        prefix = "" if any(n.startswith("module.") for n in model) else "module."
    there = {n[len(prefix) :]: shape for n, shape in checkpoint.items()}
    different = [(n, s, there[n]) for n, s in model.items() if n in there and there[n] != s]
    return {
        "prefix": prefix,
        "missing": sorted(n for n in model if n not in there),
        "unexpected": sorted(n for n in there if n not in model),
        "shape": sorted(different),
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
