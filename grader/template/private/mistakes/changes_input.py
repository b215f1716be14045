"""You changed the argument in place.
caught by: check_keeps_its_input
"""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    return x.add_(x) + 1
