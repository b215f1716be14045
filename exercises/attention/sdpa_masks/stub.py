"""Scaled dot-product attention, and the masks that it is used with.

Conventions, for the whole file:
- A mask is a bool tensor. True means "this query may read this key".
- A query that may read no key at all gets weights of zero and an output of zero, not nan.
- float64, float32, float16 and bfloat16 all work. Results have the dtype of `q`.
- No argument is changed in place.

Not available here: scaled_dot_product_attention and the ready-made attention modules, since you
build them. softmax is available.
"""

import math

import torch
from torch import Tensor


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    causal: bool = False,
    dropout: float = 0.0,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Let every query read the values, weighted by how well the keys fit.

    Args:
        q          (..., Tq, d) queries
        k          (..., Tk, d) keys
        v          (..., Tk, dv) values; the leading axes of q, k and v are equal, or absent
        mask       bool, broadcasts to (..., Tq, Tk); None hides nothing
        causal     hide the future as well. The last query stands beside the last key, so query i
                   may read key j where j <= i + Tk - Tq. Together with `mask`, both must allow it.
        dropout    probability of setting a weight to zero; the others are divided by 1 - dropout.
                   Every weight is drawn by itself.
        training   dropout happens only where this is True
        generator  draws the random numbers of dropout; None means torch's own generator
    Returns:
        out      (..., Tq, dv), equal to weights @ v
        weights  (..., Tq, Tk), after dropout. A hidden key has a weight of exactly 0.
    Raises:
        TypeError   naming `mask`, if its dtype is not bool
        ValueError  naming `dropout`, unless 0 <= dropout < 1
    """
    raise NotImplementedError("attention: your code goes here")


def causal_mask(T: int) -> Tensor:
    """(T, T) bool: position i may read itself and everything before it."""
    raise NotImplementedError("causal_mask: your code goes here")


def padding_mask(lengths: Tensor, T: int) -> Tensor:
    """(B, 1, T) bool: key j of row b may be read where j < lengths[b].

    Args: lengths (B,) int64, from 0 to T. The axis of length 1 stands for every query.
    """
    raise NotImplementedError("padding_mask: your code goes here")


def prefix_mask(T: int, n: int) -> Tensor:
    """(T, T) bool: everyone may read the first n positions; after that, the mask is causal.

    Args: n, from 0 to T. n = 0 is the causal mask.
    """
    raise NotImplementedError("prefix_mask: your code goes here")


def cross_mask(source_lengths: Tensor, T: int, S: int) -> Tensor:
    """(B, T, S) bool: each of T target positions may read every real source position.

    Args: source_lengths (B,) int64; source position j of row b is real where
    j < source_lengths[b]. There is no order between the two texts, so nothing is causal.
    """
    raise NotImplementedError("cross_mask: your code goes here")


def kind_mask(
    kind: str,
    lengths: Tensor,
    T: int,
    source_lengths: Tensor | None = None,
    S: int | None = None,
) -> Tensor:
    """The bool mask of one of the three attentions of a transformer.

    Args:
        kind  "encoder": (B, T, T), every real position of the own text
              "decoder": (B, T, T), the real positions of the own text that are not in the future
              "encdec_cross": (B, T, S), every real position of the source
        lengths (B,), T         the text that asks, padded to T
        source_lengths (B,), S  the text that is read; given for "encdec_cross" only
    Only keys are hidden: a padded query keeps its row, and the loss ignores it later.
    Raises: ValueError naming `kind`, for any other kind.
    """
    raise NotImplementedError("kind_mask: your code goes here")
