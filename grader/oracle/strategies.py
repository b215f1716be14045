"""Inputs to draw. Sides of 1 and unequal sides are frequent; values are short decimals."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.oracle.values import generator, randn


def seeds() -> st.SearchStrategy[int]:
    """A seed for whatever hypothesis should not draw number by number."""
    return st.integers(0, 2**31 - 1)


def sides(low: int = 1, high: int = 6) -> st.SearchStrategy[int]:
    """The length of an axis."""
    return st.integers(low, high)


@st.composite
def tensors(
    draw: Any,
    shape: tuple[int, ...] | None = None,
    *,
    min_ndim: int = 1,
    max_ndim: int = 3,
    max_side: int = 5,
    dtype: torch.dtype | None = None,
    scale: float = 1.0,
    strided: bool = True,
) -> Tensor:
    """A tensor of normal numbers times `scale`, rounded to two digits.

    Args:
        shape    drawn from `min_ndim`, `max_ndim` and `max_side` where not given
        dtype    float64 or float32 where not given
        strided  sometimes transposed in memory, never in value
    """
    if shape is None:
        shape = tuple(draw(st.lists(sides(1, max_side), min_size=min_ndim, max_size=max_ndim)))
    dtype = dtype or draw(st.sampled_from([torch.float64, torch.float32]))
    values = randn(*shape, seed=draw(seeds()), dtype=torch.float64)
    values = (values * scale).to(dtype)
    if strided and len(shape) > 1 and draw(st.booleans()):
        values = values.transpose(-1, -2).contiguous().transpose(-1, -2)
    return values


@st.composite
def masks(draw: Any, rows: int, columns: int, *, full_rows: bool = False) -> Tensor:
    """A bool mask (rows, columns), True = may attend.

    With `full_rows` some rows may be all False.
    """
    share = draw(st.sampled_from([0.3, 0.6, 0.9]))
    mask: Tensor = torch.rand(rows, columns, generator=generator(draw(seeds()))) < share
    if not full_rows:
        mask[torch.arange(rows), torch.arange(rows) % columns] = True
    return mask
