"""A title of a few words."""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    """Add instead of multiplying."""
    return x + x + 1
