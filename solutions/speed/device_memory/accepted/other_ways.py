"""Doubling and halving in two loops, and containers rebuilt by their type."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

FACTORS = {
    "batch of 8 instead of 32": [1, 1, 1, 0.25],
    "4 micro-batches of 8 with accumulation": [1, 1, 1, 0.25],
    "images 112 x 112 instead of 224 x 224, only convolutions": [1, 1, 1, 0.25],
    "hidden layers 1024 -> 1024 instead of 512 -> 512, no biases": [4, 4, 4, 2],
    "SGD with momentum instead of AdamW": [1, 1, 0.5, 1],
    "bfloat16 autocast, every kept activation in bfloat16": [1, 1, 1, 0.5],
    "checkpointing of each of 12 blocks": [1, 1, 1, 0.208],
}


def pick_device(cuda, mps):
    for name, there in (("cuda", cuda), ("mps", mps)):
        if there:
            return name
    return "cpu"


def to_device(obj, device):
    move = lambda each: to_device(each, device)  # noqa: E731
    if torch.is_tensor(obj):
        return obj.to(device, non_blocking=True)
    if isinstance(obj, dict):
        return dict(zip(obj, map(move, obj.values()), strict=True))
    if isinstance(obj, tuple) and hasattr(obj, "_make"):
        return obj._make(map(move, obj))
    if isinstance(obj, (list, tuple)):
        return type(obj)(map(move, obj))
    return obj


def with_positions(x):
    out = x.new_empty(*x.shape[:2], x.shape[2] + 1)
    out[..., :-1] = x
    steps = x.new_ones(x.shape[1]).cumsum(0) - 1
    out[..., -1] = steps / x.shape[1]
    return out


def memory_plan(n_params, dtype, optimizer, batch, seq, d, layers, heads, vocab):
    size = torch.empty(0, dtype=dtype).element_size()
    try:
        copies = ["sgd", "momentum", "adamw"].index(optimizer)
    except ValueError:
        raise ValueError("optimizer must be sgd, momentum or adamw") from None
    plan = {"params": n_params * size, "grads": n_params * size}
    plan["optimizer"] = copies * n_params * size
    plan["hidden"] = layers * batch * seq * d * size
    plan["attention"] = layers * batch * heads * seq**2 * size
    plan["logits"] = batch * seq * vocab * size
    plan["total"] = sum(plan.values())
    return plan


def find_batch_size(run, start, limit):
    if start < 1 or start > limit:
        raise ValueError("start is out of range")

    def ok(n):
        try:
            run(n)
            return True
        except torch.OutOfMemoryError:
            return False

    low, n = 0, start
    while ok(n):
        low = n
        if n == limit:
            return n
        n = min(2 * n, limit)
    high = n
    while high - low > 1:
        middle = low + (high - low) // 2
        low, high = (middle, high) if ok(middle) else (low, middle)
    return low


class Batch(NamedTuple):
    ids: Any
    extra: Any


def moved(obj: Any, device: str) -> list[tuple[str, str, str, list[int]]]:
    rows = []

    def look(part: Any, path: str) -> None:
        tensor = isinstance(part, Tensor)
        where = (str(part.device), list(part.shape)) if tensor else ("", [])
        rows.append((path, type(part).__name__, *where))
        if isinstance(part, dict):
            for key, each in part.items():
                look(each, f"{path}[{key!r}]")
        elif isinstance(part, list | tuple):
            for index, each in enumerate(part):
                look(each, f"{path}[{index}]")

    look(to_device([obj, Batch(obj, 1)], device), "result")
    return rows


def positions_on(device: str, shape: tuple[int, int, int]) -> tuple[str, list[int]]:
    out = with_positions(torch.ones(shape, device=device))
    return str(out.device), list(out.shape)


def search(fits: Callable[[int], bool], start: int, limit: int) -> int:
    def run(batch: int) -> None:
        if not fits(batch):
            raise torch.OutOfMemoryError(f"no room for a batch of {batch}")

    return find_batch_size(run, start, limit)


def training(width: int) -> Callable[[int], None]:
    hidden = [nn.Linear(width, width), nn.Tanh()]
    model = nn.Sequential(*hidden, nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def run(batch: int) -> None:
        loss = model(torch.randn(batch, width)).square().mean()
        loss.backward()
        model.zero_grad()

    return run
