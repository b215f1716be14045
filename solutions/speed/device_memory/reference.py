"""Devices and memory."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

PARTS = ("weights", "gradients", "optimizer", "activations")
FACTORS = {
    "batch of 8 instead of 32": (1.0, 1.0, 1.0, 0.25),
    "4 micro-batches of 8 with accumulation": (1.0, 1.0, 1.0, 0.25),
    "images 112 x 112 instead of 224 x 224, only convolutions": (1.0, 1.0, 1.0, 0.25),
    "hidden layers 1024 -> 1024 instead of 512 -> 512, no biases": (4.0, 4.0, 4.0, 2.0),
    "SGD with momentum instead of AdamW": (1.0, 1.0, 0.5, 1.0),
    "bfloat16 autocast, every kept activation in bfloat16": (1.0, 1.0, 1.0, 0.5),
    "checkpointing of each of 12 blocks": (1.0, 1.0, 1.0, (12 + 8) / (12 * 8)),
}
COPIES = {"sgd": 0, "momentum": 1, "adamw": 2}


def pick_device(cuda: bool, mps: bool) -> str:
    return "cuda" if cuda else "mps" if mps else "cpu"


def to_device(obj: Any, device: str) -> Any:
    if isinstance(obj, Tensor):
        return obj.to(device)
    if isinstance(obj, dict):
        return {key: to_device(each, device) for key, each in obj.items()}
    if isinstance(obj, list):
        return [to_device(each, device) for each in obj]
    if isinstance(obj, tuple):
        parts = [to_device(each, device) for each in obj]
        named = hasattr(obj, "_fields")
        return type(obj)(*parts) if named else tuple(parts)
    return obj


def with_positions(x: Tensor) -> Tensor:
    batch, steps, _ = x.shape
    t = torch.arange(steps, device=x.device, dtype=x.dtype) / steps
    return torch.cat([x, t[None, :, None].expand(batch, steps, 1)], dim=-1)


def memory_plan(
    n_params: int,
    dtype: torch.dtype,
    optimizer: str,
    batch: int,
    seq: int,
    d: int,
    layers: int,
    heads: int,
    vocab: int,
) -> dict[str, int]:
    if optimizer not in COPIES:
        raise ValueError(f"optimizer is {optimizer!r}, expected one of {', '.join(COPIES)}")
    numbers = {
        "params": n_params,
        "grads": n_params,
        "optimizer": n_params * COPIES[optimizer],
        "hidden": layers * batch * seq * d,
        "attention": layers * batch * heads * seq * seq,
        "logits": batch * seq * vocab,
    }
    plan = {name: count * dtype.itemsize for name, count in numbers.items()}
    return {**plan, "total": sum(plan.values())}


def find_batch_size(run: Callable[[int], Any], start: int, limit: int) -> int:
    """`good` ran (0 stands for nothing), `bad` did not, or lies beyond the limit."""
    if not 1 <= start <= limit:
        raise ValueError(f"start is {start}, expected 1 to {limit}")
    good, bad, batch = 0, limit + 1, start
    while good + 1 < bad:
        if fits(run, batch):
            good = batch
        else:
            bad = batch
        batch = min(2 * good, limit) if bad > limit else (good + bad) // 2
    return good


def fits(run: Callable[[int], Any], batch: int) -> bool:
    """When this has returned, nothing of the failed attempt is held any more."""
    try:
        run(batch)
    except torch.OutOfMemoryError:
        return False
    return True


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
