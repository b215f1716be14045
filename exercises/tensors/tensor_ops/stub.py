"""Reshape, transpose, broadcast. Edit this file, then run `grade tensor_ops`.

Conventions, for the whole file:
- float32 stays float32, and float64 stays float64.
- No argument is changed. Arguments may be transposed views: use `reshape`, since `view` can refuse.
- No Python loops: each function is a few tensor operations.

Not available here: `cdist`, `unfold` and their kin, since this exercise is what they do.
"""

import numpy as np
import torch
from torch import Tensor


def standardize(X: Tensor, eps: float = 1e-8) -> Tensor:
    """(X - mean) / sqrt(var + eps), each column by itself.

    mean and var are those of the column, over its N rows. var is the biased variance: it divides
    by N, not by N - 1. eps stands inside the root. A constant column gives zeros.
    Shapes: X (N, F) with N >= 1; returns (N, F).
    """
    raise NotImplementedError("standardize: your code goes here")


def pairwise_sq_dists(A: Tensor, B: Tensor) -> Tensor:
    """Entry [n, m] is the squared distance sum_d (A[n, d] - B[m, d])^2; never below 0.

    Shapes: A (N, D), B (M, D); returns (N, M).
    Raises: ValueError naming `B`, if A and B have not the same number of columns.
    """
    raise NotImplementedError("pairwise_sq_dists: your code goes here")


def split_heads(x: Tensor, h: int) -> Tensor:
    """Cut the features into h equal parts: out[b, i, t] is part i of x[b, t].

    Shapes: x (B, T, C); returns (B, h, T, C // h). Part i holds the features from i * C // h on.
    Raises: ValueError naming `h`, unless h divides C.
    """
    raise NotImplementedError("split_heads: your code goes here")


def merge_heads(x: Tensor) -> Tensor:
    """The inverse of split_heads. Shapes: x (B, h, T, d); returns (B, T, h * d)."""
    raise NotImplementedError("merge_heads: your code goes here")


def patchify(img: Tensor, p: int) -> Tensor:
    """Cut each image into square patches of p x p pixels, and lay each patch out as one row.

    Patches come row by row, as one reads. Inside a patch the order is channel, row, column.
    Shapes: img (B, C, H, W); returns (B, (H // p) * (W // p), C * p * p).
    Raises: ValueError naming `p`, unless p divides both H and W.
    """
    raise NotImplementedError("patchify: your code goes here")


def to_numpy(t: Tensor) -> np.ndarray:
    """The same numbers as a NumPy array, of the same shape and dtype, with memory of its own.

    t may require grad, and may lie on any device.
    """
    raise NotImplementedError("to_numpy: your code goes here")


def numpy_after_change(t: Tensor) -> np.ndarray:
    """Given, leave it as it is: what to_numpy(t) holds after t was overwritten.

    The grader asks this way, because tensors that it sends have neither a gradient nor a past.
    """
    if t.is_floating_point():
        t.requires_grad_()
    array = to_numpy(t)
    with torch.no_grad():
        t.zero_()
    return array
