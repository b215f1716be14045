"""It computes on detached values, so no gradient flows.
caught by: check_gradient
"""

from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    weights = (x - x.amax(dim, keepdim=True)).detach().exp()
    return weights / weights.sum(dim, keepdim=True)
