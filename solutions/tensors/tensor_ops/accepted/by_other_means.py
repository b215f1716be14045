"""The expanded square with a clamp, einsum, chunks instead of a transpose, and a clone."""

import numpy as np
import torch
from torch import Tensor


def standardize(X, eps=1e-8):
    centred = X - X.sum(0, keepdim=True) / len(X)
    return centred * ((centred**2).mean(0, keepdim=True) + eps) ** -0.5


def pairwise_sq_dists(A, B):
    if A.shape[-1] != B.shape[-1]:
        raise ValueError("A and B differ in their columns")
    cross = torch.einsum("nd,md->nm", A, B)
    return ((A**2).sum(1, keepdim=True) + (B**2).sum(1) - 2 * cross).clamp(min=0)


def split_heads(x, h):
    if x.shape[-1] % h != 0:
        raise ValueError("h must divide the number of features")
    return torch.stack(x.chunk(h, -1), 1)


def merge_heads(x):
    return torch.cat(x.unbind(1), -1)


def patchify(img, p):
    if img.shape[-2] % p or img.shape[-1] % p:
        raise ValueError("p must divide height and width")
    rows = torch.stack(img.split(p, 2), 1)
    patches = torch.stack(rows.split(p, -1), 2)
    return patches.flatten(3).flatten(1, 2)


def to_numpy(t):
    return np.array(t.detach().cpu())


def numpy_after_change(t: Tensor) -> np.ndarray:
    if t.is_floating_point():
        t.requires_grad_()
    array = to_numpy(t)
    with torch.no_grad():
        t.zero_()
    return array
