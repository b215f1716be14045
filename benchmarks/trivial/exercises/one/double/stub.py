"""Twice as much. Edit this file, then run `grade double`."""

from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Return 2 x, in the shape and dtype of `x`."""
    raise NotImplementedError("double: your code goes here")
