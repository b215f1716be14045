"""The trapezoid rule, and Simpson's from it. Edit this file, then run `grade trapezoid`.

Conventions, for both functions:
- y (..., n + 1) holds values at points that lie h apart, along the last axis; float32 or float64.
- h is a number. It may be negative, and then the integral changes its sign.
- The result (...) has the dtype of y. No argument is changed.

Not available here: `torch.trapezoid` and its kin, since this exercise is what they do.
"""

import torch
from torch import Tensor


def trapezoid(y: Tensor, h: float) -> Tensor:
    """h (y_0 / 2 + y_1 + ... + y_(n-1) + y_n / 2), for each row.

    Raises: ValueError naming `y`, unless a row has two values or more.
    """
    raise NotImplementedError("trapezoid: your code goes here")


def simpson(y: Tensor, h: float) -> Tensor:
    """(4 T_fine - T_coarse) / 3, for each row.

    T_fine is the trapezoid rule with all values, T_coarse with every second one, from the first on.
    Raises: ValueError naming `y`, unless a row has 3, 5, 7, ... values.
    """
    raise NotImplementedError("simpson: your code goes here")
