"""The drawn inputs hold what their descriptions promise, and reach the cases that matter."""

from __future__ import annotations

import pytest
import torch
from hypothesis import find, given, settings
from hypothesis import strategies as st

from grader.oracle import masks, seeds, sides, tensors

FEW = settings(max_examples=40, deadline=None)
SEARCH = settings(max_examples=500, database=None, deadline=None)


@FEW
@given(seeds(), sides(), sides(3, 4))
def test_seeds_and_sides_stay_in_their_ranges(seed, side, narrow):
    assert 0 <= seed < 2**31 and 1 <= side <= 6 and narrow in (3, 4)
    torch.Generator().manual_seed(seed)


@FEW
@given(tensors())
def test_a_tensor_has_one_to_three_axes_of_one_to_five_and_two_digits(x):
    assert 1 <= x.ndim <= 3 and all(1 <= side <= 5 for side in x.shape)
    assert x.dtype in (torch.float32, torch.float64) and x.isfinite().all()
    assert torch.equal((x.double() * 100).round().div(100).to(x.dtype), x)


@FEW
@given(tensors(min_ndim=2, max_ndim=2, max_side=3, dtype=torch.float16, scale=0.0))
def test_axes_dtype_and_scale_can_be_given(x):
    assert x.ndim == 2 and max(x.shape) <= 3 and x.dtype is torch.float16 and not x.any()


@FEW
@given(st.data())
def test_a_given_shape_is_kept_a_scalar_too(data):
    for shape in [(), (4,), (2, 3), (1, 2, 5)]:
        assert data.draw(tensors(shape)).shape == shape


@FEW
@given(tensors((3, 4), strided=False))
def test_without_strides_the_memory_is_in_order(x):
    assert x.is_contiguous()


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x.ndim == 1,
        lambda x: x.ndim == 3 and len(set(x.shape)) == 3,
        lambda x: 1 in x.shape and x.ndim > 1,
        lambda x: not x.is_contiguous(),
        lambda x: x.dtype is torch.float32,
        lambda x: x.dtype is torch.float64,
    ],
    ids="vector unequal one transposed float32 float64".split(),
)
def test_the_cases_that_matter_are_reached(wanted):
    assert wanted(find(tensors(), wanted, settings=SEARCH))


@FEW
@given(st.data(), sides(), sides())
def test_every_row_of_a_mask_may_attend_to_something(data, rows, columns):
    mask = data.draw(masks(rows, columns))
    assert mask.dtype is torch.bool and mask.shape == (rows, columns) and mask.any(1).all()


@pytest.mark.parametrize("wanted", [lambda m: (~m.any(1)).any(), lambda m: m.any(1).all()])
def test_with_full_rows_some_rows_may_be_masked_out_entirely(wanted):
    assert wanted(find(masks(3, 4, full_rows=True), wanted, settings=SEARCH))


def test_masks_hide_something_and_differ_between_rows():
    mask = find(masks(3, 3), lambda m: not m.all() and not torch.equal(m[0], m[1]), settings=SEARCH)
    assert mask.any(1).all()
