"""Invariances, each with models that have it and models that only nearly have it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from grader.oracle import (
    Mismatch,
    assert_batch_independent,
    assert_causal,
    assert_keeps_inputs,
    assert_permutation_equivariant,
    assert_state_round_trip,
    randn,
)

X, OTHER = randn(2, 5, 3, seed=1), 3 * randn(2, 5, 3, seed=2) + 1


def attention(mask):
    """Self-attention with this (T, T) mask, True = may attend."""

    def f(x):
        scores = (x @ x.transpose(1, 2)).masked_fill(~mask, -math.inf)
        return torch.softmax(scores, -1) @ x

    return f


LOWER = torch.ones(5, 5).tril().bool()


def leaking(query, key):
    mask = LOWER.clone()
    mask[query, key] = True
    return mask


# assert_causal


@pytest.mark.parametrize(
    "f",
    [attention(LOWER), lambda x: x.cumsum(1), torch.tanh, lambda x: (x > 0).cumsum(1)],
    ids=["attention", "cumsum", "pointwise", "integers"],
)
def test_models_of_the_past_are_causal(f):
    assert_causal(f, X, OTHER, "out")


def test_of_one_position_there_is_nothing_to_see():
    assert_causal(lambda x: x.mean(1, keepdim=True), X[:, :1], OTHER[:, :1], "out")


@pytest.mark.parametrize(("query", "key"), [(0, 1), (2, 3), (3, 4), (0, 4), (1, 4)])
def test_a_mask_that_shows_one_future_token_is_found(query, key):
    with pytest.raises(Mismatch, match="sees what comes after it") as caught:
        assert_causal(attention(leaking(query, key)), X, OTHER, "out")
    assert f"position {query} sees" in str(caught.value)
    assert caught.value.at[:2] == (0, query) and "mask" in caught.value.next_step


def test_a_leak_in_one_row_of_the_batch_is_found():
    def f(x):
        return torch.cat([x[:1].cumsum(1), x[1:].mean(1, keepdim=True).expand(1, 5, 3)])

    with pytest.raises(Mismatch) as caught:
        assert_causal(f, X, OTHER, "out")
    assert caught.value.at[0] == 1


def test_a_leak_of_the_smallest_size_is_found():
    with pytest.raises(Mismatch, match="position 0"):
        assert_causal(lambda x: x + 1e-15 * x.mean(1, keepdim=True), X, OTHER, "out")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[:, :0],
        lambda x: x[:, :-1],
        lambda x: x.transpose(0, 1),
        lambda x: x[:, -1],
        lambda x: x.sum(),
        lambda x: None,
        lambda x: x / 0,
    ],
    ids="empty shorter transposed last scalar none inf".split(),
)
@pytest.mark.parametrize("claim", ["causal", "permutation"])
def test_an_output_without_one_row_for_each_position_is_refused(f, claim):
    with pytest.raises(Mismatch, match=r"^out: (shape|returned|30 of 30)"):
        if claim == "causal":
            assert_causal(f, X, OTHER, "out")
        else:
            assert_permutation_equivariant(f, X, "out")


# assert_batch_independent


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.softmax(x, -1),
        lambda x: x.sum((1, 2)),
        lambda x: x > 0,
        lambda x: torch.layer_norm(x, (3,)),
        lambda x: x @ torch.ones(3, 4, dtype=x.dtype),
    ],
    ids="softmax scalar-each bool layer-norm linear".split(),
)
def test_functions_of_single_rows_are_independent_of_the_batch(f):
    assert_batch_independent(f, X, "out")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.batch_norm(
            x.transpose(1, 2), None, None, None, None, True, 0.1, 1e-5, False
        ),
        lambda x: x - x.mean(0),
        lambda x: x / x.abs().max(),
        lambda x: x.cumsum(0),
        lambda x: x + 1e-4 * x.flip(0),
        lambda x: x.flip(0),
    ],
    ids="batch-norm mean maximum earlier-row tiny reordered".split(),
)
def test_what_mixes_rows_of_the_batch_is_found(f):
    with pytest.raises(Mismatch, match=r"^out: row \d alone: got"):
        assert_batch_independent(f, X, "out")


@pytest.mark.parametrize("f", [lambda x: x.sum(), lambda x: x[:1], lambda x: x[:0], lambda x: [x]])
def test_an_output_without_one_row_for_each_input_is_refused(f):
    with pytest.raises(Mismatch, match=r"^out: (shape|returned)"):
        assert_batch_independent(f, X, "out")


# assert_permutation_equivariant


@pytest.mark.parametrize("length", [2, 3, 5])
def test_attention_without_positions_is_equivariant(length):
    everything = torch.ones(length, length).bool()
    assert_permutation_equivariant(attention(everything), X[:, :length], "out")


@pytest.mark.parametrize("length", [2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(3))
def test_added_positions_are_found_at_every_length_and_seed(length, seed):
    def f(x):
        return x + torch.arange(x.shape[1], dtype=x.dtype)[:, None]

    with pytest.raises(Mismatch, match=r"^out of permuted positions: got"):
        assert_permutation_equivariant(f, X[:, :length], "out", seed=seed)


def test_another_axis_may_be_permuted():
    assert_permutation_equivariant(lambda x: x.cumsum(1), X, "out", axis=2)
    with pytest.raises(Mismatch):
        assert_permutation_equivariant(lambda x: x.cumsum(2), X, "out", axis=2)


# assert_keeps_inputs


class Local:
    """A function of this process with the proxy's `keeping`."""

    label = "f"

    def __init__(self, function):
        self.function = function

    def keeping(self, *args, **kwargs):
        args = tuple(each.clone() if isinstance(each, torch.Tensor) else each for each in args)
        kwargs = {key: each.clone() for key, each in kwargs.items()}
        return self.function(*args, **kwargs), args, kwargs


def test_a_function_that_changes_nothing_keeps_its_inputs():
    odd = torch.tensor([math.nan, math.inf, 0.0])
    assert_keeps_inputs(Local(lambda x, n, *, mask: x + n), odd, 3, mask=torch.tensor([True]))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x, y, *, mask: x.add_(1), "f: argument 1 after the call: got 2, expected 1 at [0]"),
        (lambda x, y, *, mask: y[1].zero_(), "f: argument 2 after the call: got 0"),
        (lambda x, y, *, mask: y.resize_(1), "f: argument 2 after the call: shape (1,)"),
        (lambda x, y, *, mask: mask.logical_not_(), "f: argument `mask` after the call: got False"),
    ],
)
def test_an_argument_changed_in_place_is_named(function, said):
    with pytest.raises(Mismatch) as caught:
        assert_keeps_inputs(
            Local(function), torch.ones(2), torch.ones(2), mask=torch.tensor([True])
        )
    assert str(caught.value).startswith(said)


# assert_state_round_trip


class Scale(nn.Module):
    """Scales and shifts; `hidden` names what is not registered."""

    def __init__(self, hidden=""):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3), requires_grad=False)
        shift = torch.randn(3)
        if hidden == "shift":
            self.shift = shift
        elif hidden == "not saved":
            self.register_buffer("shift", shift, persistent=False)
        else:
            self.register_buffer("shift", shift)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(x * self.weight + self.shift)


class Forgets(Scale):
    def load_state_dict(self, state):
        self.weight.data = state["weight"]


X3 = randn(4, 3, seed=3, dtype=torch.float32)


def test_a_copy_with_the_same_state_gives_the_same_outputs():
    assert_state_round_trip(Scale, X3, "Scale")


@pytest.mark.parametrize(
    "make",
    [lambda: Scale("shift"), lambda: Scale("not saved"), Forgets],
    ids="plain buffer load".split(),
)
def test_state_that_is_not_registered_saved_or_loaded_is_found(make):
    with pytest.raises(Mismatch, match=r"^Scale: a copy with the same state_dict: got"):
        assert_state_round_trip(make, X3, "Scale")


@pytest.mark.parametrize("state", [{}, None, []])
def test_an_empty_state_is_refused(state):
    def make():
        layer = Scale()
        layer.state_dict = lambda: state
        return layer

    with pytest.raises(Mismatch, match="no parameter is registered"):
        assert_state_round_trip(make, X3, "Scale")
