"""Add up all values; the outer two count half."""

from torch import Tensor


def trapezoid(y: Tensor, h: float) -> Tensor:
    if y.shape[-1] < 2:
        raise ValueError(f"y has {y.shape[-1]} values in a row; two are needed")
    total = y.sum(-1) - (y[..., 0] + y[..., -1]) / 2
    return total * h


def simpson(y: Tensor, h: float) -> Tensor:
    """The errors of the two sums are as 1 to 4, so they cancel."""
    if y.shape[-1] < 3 or y.shape[-1] % 2 == 0:
        raise ValueError(f"y has {y.shape[-1]} values in a row; 3, 5, 7, ... are needed")
    fine = trapezoid(y, h)
    coarse = trapezoid(y[..., ::2], 2 * h)
    return (4 * fine - coarse) / 3
