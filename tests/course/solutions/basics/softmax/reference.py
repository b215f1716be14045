"""Softmax, by hand."""

from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Shift by the largest score of each slice, so that exp cannot overflow."""
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
