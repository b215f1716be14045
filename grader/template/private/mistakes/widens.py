"""You returned float64 whatever the input was.
caught by: check_matches_definition
"""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    return (x + x + 1).double()
