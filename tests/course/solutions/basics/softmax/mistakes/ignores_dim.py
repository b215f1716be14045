"""It normalises along the last axis, whatever `dim` says.
caught by: check_normalises_along_dim
"""

from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    weights = (x - x.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)
