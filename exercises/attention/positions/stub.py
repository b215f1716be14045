"""Three ways to tell attention where a token stands.

Conventions, for the whole file:
- Positions count from 0. Pair i, for i = 0 .. d/2 - 1, turns at the rate base^(-2i / d): the angle
  at position t is t * base^(-2i / d), in radians.
- Pair i is made of the columns 2i and 2i + 1. They are neighbours, not half a width apart.
- Angles are computed in float64, whatever the dtype of the input: in float16 there is no position
  2049, and in bfloat16 none between 256 and 258.
- No argument is changed in place.

Not available here: scaled_dot_product_attention and the ready-made attention modules. softmax is.
"""

import math

import torch
from torch import Tensor, nn


def sinusoidal(T: int, d: int, base: float = 10000.0) -> Tensor:
    """(T, d) float32: the angles of T positions, as sines and cosines.

    Column 2i of row t is the sine of pair i's angle at position t, column 2i + 1 its cosine.
    Raises: ValueError naming `d`, if it is odd.
    """
    raise NotImplementedError("sinusoidal: your code goes here")


class LearnedPositions(nn.Module):
    """A table with one trainable vector for each position.

    The only parameter, and the only entry of the state_dict, is `table`, (max_len, d). How it is
    initialised is up to you: the checks load numbers of their own.
    """

    def __init__(self, max_len: int, d: int) -> None:
        super().__init__()
        raise NotImplementedError("LearnedPositions: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Add row t of the table to position t of every sequence: (..., T, d) -> (..., T, d).

        The leading axes `...` are batch axes, if there are any.
        Raises: ValueError naming `max_len`, if T > max_len.
        """
        raise NotImplementedError("LearnedPositions.forward: your code goes here")


def rope(x: Tensor, offset: int = 0, base: float = 10000.0) -> Tensor:
    """Turn each pair of columns by its angle: rotary positions.

    Args:
        x       (..., T, d) of any floating dtype; row t stands at position offset + t
    Returns: (..., T, d) in the dtype of x. With a the angle of pair (x0, x1) at that position:

        (x0, x1)  ->  (x0 cos a - x1 sin a,  x0 sin a + x1 cos a)

    Raises: ValueError naming `d`, if it is odd.
    """
    raise NotImplementedError("rope: your code goes here")


def rotary_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(scores / sqrt(d)) v, where the scores compare turned queries with turned keys.

    Args:
        q  (..., Tq, d) queries, with Tq <= Tk; they are the last Tq positions, so the last query
           stands beside the last key, as when a text is continued token by token
        k  (..., Tk, d) keys, at the positions 0 .. Tk - 1
        v  (..., Tk, dv) values
    Returns: (..., Tq, dv). Nothing is masked.
    """
    raise NotImplementedError("rotary_attention: your code goes here")
