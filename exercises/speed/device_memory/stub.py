"""Devices and memory. Edit this file, then run `grade device_memory`.

No accelerator is needed. Two stand in for one:
    meta     torch's device without memory: its tensors have a shape, a dtype and no values. Code
             that names a device of its own fails on it, as it would on a GPU.
    4 MB     the simulated device on which everything here runs: tensors that do not fit raise
             `torch.OutOfMemoryError`, on every machine at the same place.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

# By which factor does each part of the memory change? The setting: training in float32 with AdamW
# on batches of 32. 1.0 means that it stays. Weights, gradients and optimizer are those of the
# whole network; activations are what the forward pass keeps for the backward pass.
PARTS = ("weights", "gradients", "optimizer", "activations")
FACTORS = {
    "batch of 8 instead of 32": (None, None, None, None),
    "4 micro-batches of 8 with accumulation": (None, None, None, None),
    "images 112 x 112 instead of 224 x 224, only convolutions": (None, None, None, None),
    "hidden layers 1024 -> 1024 instead of 512 -> 512, no biases": (None, None, None, None),
    "SGD with momentum instead of AdamW": (None, None, None, None),
    "bfloat16 autocast, every kept activation in bfloat16": (None, None, None, None),
    # 12 blocks in a row, each keeps 8 equally large tensors. With checkpointing a block keeps its
    # input, one such tensor, and in the backward pass one block at a time has its 8 again.
    "checkpointing of each of 12 blocks": (None, None, None, None),
}


def pick_device(cuda: bool, mps: bool) -> str:
    """The device to use where these are available: "cuda" before "mps" before "cpu"."""
    raise NotImplementedError("pick_device: your code goes here")


def to_device(obj: Any, device: str) -> Any:
    """The same nested object with every tensor on `device`.

    Lists, tuples, dicts (their values) and namedtuples are taken apart, to any depth, and come
    back as new objects of the same type. A tensor becomes tensor.to(device). Anything else
    (numbers, strings, None, ...) is returned as it is. `obj` is not changed.
    """
    raise NotImplementedError("to_device: your code goes here")


def with_positions(x: Tensor) -> Tensor:
    """Append the position t / T of each step as one more feature: (B, T, D) -> (B, T, D + 1).

    t counts from 0. The result has x's dtype and lies on x's device, whatever that is.
    """
    raise NotImplementedError("with_positions: your code goes here")


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
    """Bytes of the large parts of a transformer's training, all of them in `dtype`.

        params      n_params numbers
        grads       n_params numbers
        optimizer   n_params numbers for each copy that it keeps: "sgd" none, "momentum" one
                    (the velocity), "adamw" two (both moments)
        hidden      one tensor (batch, seq, d) for each layer
        attention   one tensor (batch, heads, seq, seq) for each layer
        logits      one tensor (batch, seq, vocab)
        total       the sum of the six

    Returns: a dict of these seven keys, whole numbers.
    Raises: ValueError that names `optimizer` for any other name.
    """
    raise NotImplementedError("memory_plan: your code goes here")


def find_batch_size(run: Callable[[int], Any], start: int, limit: int) -> int:
    """The largest batch from 1 to `limit` that runs; 0 if even 1 does not.

    run(batch) raises torch.OutOfMemoryError where the batch is too large, and then every larger
    one is too. Any other exception is none of your business: let it through.
    Double from `start` until it fails or `limit` is reached; then halve the gap between the
    largest batch that ran and the smallest that did not. Call `run` with nothing outside 1..limit,
    at most 2 * log2(limit) + 2 times, and with no batch twice.

    Raises: ValueError that names `start`, unless 1 <= start <= limit.
    """
    raise NotImplementedError("find_batch_size: your code goes here")


# Given: what the checks look through. Leave it as it is.


class Batch(NamedTuple):
    ids: Any
    extra: Any


def moved(obj: Any, device: str) -> list[tuple[str, str, str, list[int]]]:
    """Path, type, device and shape of each part of what to_device makes of [obj, Batch(obj, 1)]."""
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
    """Device and shape of what with_positions makes of a tensor there."""
    out = with_positions(torch.ones(shape, device=device))
    return str(out.device), list(out.shape)


def search(fits: Callable[[int], bool], start: int, limit: int) -> int:
    """find_batch_size with a `run` that is out of memory where fits(batch) is false."""

    def run(batch: int) -> None:
        if not fits(batch):
            raise torch.OutOfMemoryError(f"no room for a batch of {batch}")

    return find_batch_size(run, start, limit)


def training(width: int) -> Callable[[int], None]:
    """A `run` that trains a small network on the simulated device."""
    hidden = [nn.Linear(width, width), nn.Tanh()]
    model = nn.Sequential(*hidden, nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def run(batch: int) -> None:
        loss = model(torch.randn(batch, width)).square().mean()
        loss.backward()
        model.zero_grad()

    return run
