"""It normalises over the whole tensor instead of one axis.
caught by: check_normalises_along_dim
"""

from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    weights = (x - x.max()).exp()
    return weights / weights.sum()
