"""You left out the + 1.
caught by: check_matches_definition
"""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    return x + x
