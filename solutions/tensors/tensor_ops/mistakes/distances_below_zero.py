"""Your a^2 + b^2 - 2ab falls below 0 by rounding where two rows are nearly equal. Clamp it at 0,
or square the differences.
caught by: check_distances_are_not_negative
"""

import numpy as np
import torch
from torch import Tensor


def standardize(X: Tensor, eps: float = 1e-8) -> Tensor:
    mean = X.mean(0)
    var = X.var(0, correction=0)
    return (X - mean) / (var + eps).sqrt()


def pairwise_sq_dists(A: Tensor, B: Tensor) -> Tensor:
    """(N, 1, D) against (1, M, D): broadcasting makes all pairs."""
    if A.shape[1] != B.shape[1]:
        raise ValueError(f"B has {B.shape[1]} columns, and A has {A.shape[1]}")
    return A.square().sum(1)[:, None] + B.square().sum(1) - 2 * A @ B.T


def split_heads(x: Tensor, h: int) -> Tensor:
    """The last axis becomes (h, d); then h changes places with T."""
    B, T, C = x.shape
    if C % h:
        raise ValueError(f"h = {h} does not divide {C} features")
    return x.reshape(B, T, h, C // h).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """Undo the two steps in reverse. The transpose is a view, so `view` could not join the axes."""
    B, h, T, d = x.shape
    return x.transpose(1, 2).reshape(B, T, h * d)


def patchify(img: Tensor, p: int) -> Tensor:
    """H becomes (rows, p) and W becomes (columns, p); then the patch's own axes go last."""
    B, C, H, W = img.shape
    if H % p or W % p:
        raise ValueError(f"p = {p} does not divide an image of {H} x {W}")
    cells = img.reshape(B, C, H // p, p, W // p, p)
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(B, (H // p) * (W // p), C * p * p)


def to_numpy(t: Tensor) -> np.ndarray:
    """detach leaves the graph, cpu leaves the device, copy leaves the memory."""
    return t.detach().cpu().numpy().copy()


def numpy_after_change(t: Tensor) -> np.ndarray:
    if t.is_floating_point():
        t.requires_grad_()
    array = to_numpy(t)
    with torch.no_grad():
        t.zero_()
    return array
