"""Accuracy on images whose labels never enter the box."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grader.oracle.values import Mismatch, assert_tensor, generator


def shifted(images: Tensor, seed: int, by: int = 1) -> Tensor:
    """Each image (N, C, H, W) moved by -by..by pixels on both axes; zeros move in."""
    padded = torch.nn.functional.pad(images, (by, by, by, by))
    height, width = images.shape[-2:]
    moves = torch.randint(0, 2 * by + 1, (len(images), 2), generator=generator(seed))
    out = torch.empty_like(images)
    for dy in range(2 * by + 1):
        for dx in range(2 * by + 1):
            here = (moves[:, 0] == dy) & (moves[:, 1] == dx)
            out[here] = padded[here, :, dy : dy + height, dx : dx + width]
    return out


def accuracy(predictions: Any, labels: Tensor, what: str = "predict(images)") -> float:
    """Share of right predictions. Raises: Mismatch unless they are (N,) integers."""
    got = assert_tensor(predictions, what, shape=tuple(labels.shape))
    if got.is_floating_point() or got.dtype is torch.bool:
        raise Mismatch(f"{what}: dtype {str(got.dtype).removeprefix('torch.')}, expected int64")
    return float((got.long() == labels).double().mean())


def assert_accuracy(value: float, bar: float, what: str, next_step: str = "") -> None:
    """A measured accuracy reaches its bar. Raises: Mismatch."""
    if not value >= bar:
        message = f"{what}: accuracy {value:.4f}, asked for {bar:g}"
        raise Mismatch(message, error=value, allowed=bar, next_step=next_step)
