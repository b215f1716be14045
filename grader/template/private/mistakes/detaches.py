"""You computed on detached values, so no gradient flows.
caught by: check_gradient
"""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    return (x + x).detach() + 1
