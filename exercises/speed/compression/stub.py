"""Compression after training. Edit this file, then run `grade compression`.

Not available: torch's own pruning and quantisation, since you build them. No data either: what is
compressed here is the finished network. It reads digits whose pixels have changed places and whose
classes have other names, drawn for the hidden checks: no other network can stand in for it.
"""

import torch
from torch import Tensor


def smallest_to_zero(w: Tensor, sparsity: float) -> Tensor:
    """w with the floor(sparsity * w.numel()) entries of smallest magnitude set to 0.

    Shapes: w any, float32 or float64; the result is new, and like w. Among equal
    magnitudes it is your choice which ones go, but their number is exact.
    Raises: ValueError that names `sparsity` unless 0 <= sparsity <= 1.
    """
    raise NotImplementedError("smallest_to_zero: your code goes here")


def prune_globally(state: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """The same over all weight matrices together.

    Of the n entries of all 2-D tensors of `state`, taken as one list, the floor(sparsity * n)
    smallest magnitudes become 0, so some matrices lose more than others. Other tensors (biases)
    stay. Returns: a new dict with the same keys.
    """
    raise NotImplementedError("prune_globally: your code goes here")


def quantise(w: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric int8 with one scale for each row (output channel).

    scale[o] = max |w[o]| / 127, and q[o] = w[o] / scale[o], rounded to the nearest integer, so
    that -127 <= q <= 127. A row of zeros has scale 1.

    Shapes: w (O, I) float32; q (O, I) int8, scale (O,) float32.
    """
    raise NotImplementedError("quantise: your code goes here")


def dequantise(q: Tensor, scale: Tensor) -> Tensor:
    """The weights that q stands for: (O, I) int8, (O,) float32 -> (O, I) float32."""
    raise NotImplementedError("dequantise: your code goes here")


def int8_linear(x: Tensor, q: Tensor, scale: Tensor, b: Tensor) -> Tensor:
    """x W^T + b, with the products in whole numbers.

    Each row of x is quantised as a row of weights is, when it arrives. The products of int8 numbers
    are added up in int32 (127 * 127 does not fit into int8), and then multiplied by both scales.

    Shapes: x (N, I) float32, q (O, I) int8, scale (O,), b (O,) float32; returns (N, O) float32.
    """
    raise NotImplementedError("int8_linear: your code goes here")


def compress(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A finished network, packed into a dict of tensors of as few bytes as you can.

    state: the float32 state_dict of
        Sequential(Linear(64, 256), ReLU(), Linear(256, 128), ReLU(), Linear(128, 10))
    Names, number, shapes and dtypes of the packed tensors are up to you. What counts is the sum
    of numel() * itemsize over them; names are free, at most 40 characters each.
    """
    raise NotImplementedError("compress: your code goes here")


def logits(packed: dict[str, Tensor], x: Tensor) -> Tensor:
    """What the network answers, from the packed tensors alone: x (N, 64) -> (N, 10) float32.

    It runs in a process of its own, which has seen no state.
    """
    raise NotImplementedError("logits: your code goes here")
