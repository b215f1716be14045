"""Comparing one answer: what is accepted, and every way in which it is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_tensor,
    generator,
    merit,
    randn,
    unpack,
    weight,
)
from grader.oracle.values import TOLERANCE, describe

FLOATS = list(TOLERANCE)
OTHERS = [torch.bool, torch.uint8, torch.int32, torch.int64]
SHAPES = [(), (0,), (3,), (2, 0, 3), (2, 3, 4)]
F64 = torch.float64


def refused(got, expected, compare=assert_close, **more):
    with pytest.raises(Mismatch) as caught:
        compare(got, expected, "f(x)", **more)
    return caught.value


# assert_close


@pytest.mark.parametrize("dtype", FLOATS + OTHERS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("compare", [assert_close, assert_equal])
def test_the_expected_value_itself_is_accepted(compare, dtype, shape):
    value = torch.randint(0, 2, shape, generator=generator(0)).to(dtype)
    compare(value.clone(), value, "f(x)")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_an_error_within_the_tolerance_is_accepted_and_one_over_it_refused(dtype):
    relative, absolute = TOLERANCE[dtype]
    expected = torch.tensor([3.0], dtype=dtype)
    allowed = absolute + 3 * relative
    for sign in (1, -1):
        assert_close((expected.double() + sign * 0.9 * allowed).to(dtype), expected, "f(x)")
        error = refused((expected.double() + sign * 1.5 * allowed).to(dtype), expected)
        assert error.error > error.allowed == pytest.approx(allowed)


def test_the_tolerance_is_relative_to_the_expected_value_and_never_to_the_answer():
    big, small = torch.tensor(1000.0, dtype=F64), torch.tensor(500.0, dtype=F64)
    assert_close(small, big, "f(x)", rtol=0.5, atol=0)
    refused(big, small, rtol=0.5, atol=0)


def test_a_given_tolerance_replaces_that_of_the_dtype():
    expected = torch.tensor([1.0, 2.0])
    assert_close(expected + 0.01, expected, "f(x)", atol=0.02)
    refused(expected + 1e-6, expected, rtol=0, atol=0)


def test_integers_and_booleans_have_no_tolerance():
    refused(torch.tensor([10**6 + 1]), torch.tensor([10**6]), rtol=1.0, atol=5.0)
    assert "got False, expected True at [1]" in str(
        refused(torch.tensor([True, False]), torch.tensor([True, True]))
    )


@pytest.mark.parametrize(
    ("got", "seen"),
    [
        (None, "returned None"),
        (0.5, "returned 0.5"),
        (True, "returned True"),
        ([0.5, 0.5], "returned a list of 2"),
        ((), "returned a tuple of 0"),
        ({}, "returned a dict of 0"),
        (np.array([0.5, 0.5]), "returned an object of type ndarray"),
        ("0.5", "returned an object of type str"),
        (torch.full((2, 1), 0.5), "shape (2, 1)"),
        (torch.tensor(0.5), "shape ()"),
        (torch.zeros(0), "shape (0,)"),
    ],
)
def test_what_is_no_tensor_of_the_shape_is_refused_by_what_it_is(got, seen):
    assert str(refused(got, torch.full((2,), 0.5))).startswith(f"f(x): {seen}, expected ")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.float64, torch.float32),
        (torch.float32, torch.float64),
        (torch.float16, torch.float32),
        (torch.int64, torch.float32),
        (torch.bool, torch.int64),
        (torch.int32, torch.int64),
        (torch.float32, torch.int64),
    ],
    ids=str,
)
def test_equal_values_of_another_dtype_are_refused(got, expected):
    for shape in [(), (0,), (2,)]:
        error = refused(torch.ones(shape, dtype=got), torch.ones(shape, dtype=expected))
        assert (
            "dtype" in str(error) and str(got)[6:] in str(error) and str(expected)[6:] in str(error)
        )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_inf_are_refused_where_a_number_is_expected(bad):
    expected = torch.ones(2, 2)
    got = expected.clone()
    got[1, 0] = bad
    error = refused(got, expected, atol=math.inf)
    assert "1 of 4 values are inf or nan" in str(error) and error.at == (1, 0)


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("compare", [assert_close, assert_equal])
def test_where_nan_or_inf_is_expected_only_the_same_is_accepted(compare, special):
    expected = torch.tensor([1.0, special])
    compare(expected.clone(), expected, "f(x)")
    for other in {5.0, 0.0, math.inf, -math.inf, 1e30, math.nan} - {special}:
        if not (math.isnan(other) and math.isnan(special)):
            error = refused(torch.tensor([1.0, other]), expected, compare)
            assert error.at == (1,)


def test_beside_an_expected_inf_the_other_entries_keep_their_tolerance():
    expected = torch.tensor([-math.inf, 1.0, math.nan], dtype=F64)
    error = refused(torch.tensor([-math.inf, 1.001, math.nan], dtype=F64), expected)
    assert error.at == (1,) and error.error == pytest.approx(0.001)


def test_an_infinite_error_is_reported_as_infinite():
    assert refused(torch.tensor(5.0), torch.tensor(math.inf)).error == math.inf


def test_views_of_one_value_are_compared_like_any_other():
    expected = torch.full((3, 4), 0.5)
    assert_close(torch.tensor(0.5).expand(3, 4), expected, "f(x)")
    assert_close(expected, torch.tensor(0.5).expand(3, 4), "f(x)")
    error = refused(torch.tensor([[0.5], [0.6], [0.5]]).expand(3, 4), expected)
    assert error.at == (1, 0)


def test_memory_order_does_not_move_the_reported_index():
    expected = torch.arange(6.0).view(2, 3)
    got = expected.t().contiguous().t()
    assert_close(got, expected, "f(x)")
    got[0, 2] = 9
    assert refused(got, expected).at == refused(expected, got).at == (0, 2)


def test_a_mismatch_names_the_first_difference_and_carries_the_largest():
    expected = torch.zeros(2, 2, dtype=F64)
    got = torch.tensor([[0.0, 1.0], [0.0, -7.0]], dtype=F64)
    error = refused(got, expected, next_step="subtract the maximum")
    assert str(error) == "f(x): got 1, expected 0 at [0, 1]"
    assert (error.at, error.error, error.allowed) == ((0, 1), 7.0, 1e-10)
    assert error.expected is expected and error.got is got
    assert error.next_step == "subtract the maximum"


def test_a_scalar_is_reported_without_an_index():
    assert str(refused(torch.tensor(1.0), torch.tensor(2.0))) == "f(x): got 1, expected 2"


def test_differences_too_large_for_the_dtype_are_refused():
    refused(torch.tensor(1e308, dtype=F64), torch.tensor(-1e308, dtype=F64))
    refused(torch.tensor(60000.0).half(), torch.tensor(-60000.0).half())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(width=32), min_size=1, max_size=6),
    st.integers(0, 5),
    st.sampled_from([torch.float32, F64]),
)
def test_one_changed_entry_is_found_wherever_it_stands(values, k, dtype):
    expected = torch.tensor(values, dtype=dtype)
    assert_close(expected.clone(), expected, "f(x)")
    assert_equal(expected.clone(), expected, "f(x)")
    k %= len(values)
    got = expected.clone()
    got[k] = 0.0 if not expected[k].isfinite() else expected[k] * 0.99 - 1.0
    assert refused(got, expected).at == (k,)


# assert_equal


def test_equal_means_without_tolerance():
    expected = torch.tensor([1.0, 2.0], dtype=F64)
    got = torch.nextafter(expected, torch.zeros(()).double())
    assert refused(got, expected, assert_equal).at == (0,)


def test_equal_takes_both_zeros_for_the_same_number():
    assert_equal(torch.tensor(-0.0), torch.tensor(0.0), "f(x)")


def test_equal_tells_where_a_nan_is_missing():
    expected = torch.tensor([[1.0, math.nan]])
    error = refused(torch.tensor([[1.0, 2.0]]), expected, assert_equal, next_step="look again")
    assert str(error) == "f(x): got 2, expected nan at [0, 1]"
    assert error.next_step == "look again"


# assert_tensor


def test_an_accepted_tensor_comes_back_as_it_is():
    value = torch.ones(2, 3)
    assert assert_tensor(value, "out", shape=(2, 3), dtype=torch.float32) is value
    assert assert_tensor(torch.tensor(True), "out").dtype is torch.bool
    assert assert_tensor(torch.zeros(0, 4), "out", shape=(0, 4)).numel() == 0


def test_type_then_shape_then_dtype_then_values():
    bad = torch.full((2,), math.nan)
    for given_, word in [
        ({"shape": (3,), "dtype": F64}, "shape"),
        ({"shape": (2,), "dtype": F64}, "dtype"),
        ({"shape": (2,), "dtype": torch.float32}, "inf or nan"),
    ]:
        with pytest.raises(Mismatch, match=word):
            assert_tensor(bad, "out", **given_)
    assert assert_tensor(bad, "out", finite=False) is bad


# unpack


@pytest.mark.parametrize("value", [(1, 2), [1, 2]])
def test_tuples_and_lists_are_taken_apart(value):
    assert unpack(value, 2, "f(x)") == (1, 2)


@pytest.mark.parametrize("value", [torch.ones(2), "ab", {1: 2, 3: 4}, (1,), [1, 2, 3], None, 2])
def test_whatever_has_not_the_right_number_of_parts_is_refused(value):
    with pytest.raises(Mismatch, match=r"^f\(x\): returned .*, expected 2 values$"):
        unpack(value, 2, "f(x)")


# The rest


def test_values_are_described_in_a_few_words():
    words = [None, 3, 2.5, False, [1], (1, 2), {}, torch.ones(2, 3), "text", b"x"]
    assert [describe(each) for each in words] == [
        *("None", "3", "2.5", "False", "a list of 1", "a tuple of 2", "a dict of 0"),
        *("a tensor of shape (2, 3)", "an object of type str", "an object of type bytes"),
    ]


def test_weight_and_merit_mark_a_check():
    @merit
    @weight(2)
    def check_something():
        """A claim."""

    assert (check_something.weight, check_something.merit) == (2, True)


def test_random_numbers_have_two_digits_and_follow_their_seed():
    x = randn(3, 4, seed=5)
    assert x.shape == (3, 4) and x.dtype is F64
    assert torch.equal((x * 100).round() / 100, x)
    assert torch.equal(x, randn(3, 4, seed=5)) and not torch.equal(x, randn(3, 4, seed=6))
    assert randn(seed=1, dtype=torch.float32).shape == ()
    a, b = (torch.rand(3, generator=generator(7)) for _ in range(2))
    assert torch.equal(a, b)


def test_numbers_that_look_alike_are_shown_until_they_differ():
    right = torch.tensor([3.63642], dtype=torch.float64)
    with pytest.raises(Mismatch, match=r"got 3\.63642001, expected 3\.63642"):
        assert_close(right + 1e-8, right, "y", rtol=1e-12, atol=1e-12)
