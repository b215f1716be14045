"""Both rules as weights: 1/2 1 1 ... 1/2, and 1/3 4/3 2/3 4/3 ... 1/3."""

import torch


def trapezoid(y, h):
    if y.size(-1) <= 1:
        raise ValueError("y: too few values")
    weights = torch.ones_like(y[..., :])
    weights[..., 0] = weights[..., -1] = 0.5
    return (weights * y).sum(-1) * h


def simpson(y, h):
    if y.size(-1) in (0, 1) or y.size(-1) % 2 == 0:
        raise ValueError("y: an odd number of values, please")
    ends, odd, even = y[..., 0] + y[..., -1], y[..., 1::2].sum(-1), y[..., 2:-1:2].sum(-1)
    return h / 3 * (ends + 4 * odd + 2 * even)
