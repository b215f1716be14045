"""A right backward pass is accepted; a wrong entry of a wrong one is pointed at."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.oracle import Mismatch, assert_differences, assert_gradient, randn
from grader.proxy import Gradients


class Local:
    """A function of this process with the proxy's `vjp`."""

    def __init__(self, function):
        self.function, self.label = function, "f"

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def vjp(self, *args, cotangent, **kwargs):
        floats = {
            i: each.detach().clone().requires_grad_()
            for i, each in enumerate(args)
            if isinstance(each, torch.Tensor) and each.is_floating_point()
        }
        out = self.function(*(floats.get(i, each) for i, each in enumerate(args)), **kwargs)
        grads = torch.autograd.grad(out, list(floats.values()), cotangent, allow_unused=True)
        return Gradients(out, dict(zip(floats, grads, strict=True)), {})


def spoiled(at, by=0.1, function=torch.tanh):
    """The function with one entry of the gradient of its argument off by `by`."""

    def backward(gradient):
        gradient = gradient.clone()
        gradient[at] += by
        return gradient

    def f(x):
        x = x.clone()
        if x.requires_grad:
            x.register_hook(backward)
        return function(x)

    return Local(f)


def refused(f, *args, **more):
    with pytest.raises(Mismatch) as caught:
        assert_gradient(f, *args, **more)
    return caught.value


X = randn(2, 3, seed=1)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (lambda x: torch.softmax(x, -1), (X,)),
        (torch.matmul, (X, randn(3, 4, seed=2))),
        (lambda x: x.sin(), (torch.tensor(0.3, dtype=torch.float64),)),
        (lambda x: x.sum(), (X,)),
        (lambda x: x * 2, (torch.zeros(0, 3, dtype=torch.float64),)),
        (lambda ids, table: table[ids], (torch.tensor([1, 1, 0]), X)),
        (lambda x, flag, n: x**n if flag else x, (X, True, 3)),
        (lambda x: x.exp(), (randn(3, 2, seed=3).t(),)),
        (lambda x: x.exp(), (randn(2, 1, seed=3).expand(2, 5),)),
        (lambda x: x.tanh(), (randn(9, 9, seed=4),)),
        (lambda x, y: x.exp(), (X, X)),
    ],
    ids="softmax matmul 0-dim scalar empty ids plain strided zero-stride large unused".split(),
)
def test_a_right_gradient_is_accepted(function, args):
    assert_gradient(Local(function), *args)


def test_keyword_arguments_reach_every_call():
    f = Local(lambda x, *, power: x**power)
    assert_gradient(f, X, power=3)
    f.vjp = lambda *args, **kwargs: Local.vjp(f, *args, **{**kwargs, "power": 2})
    refused(f, X, power=3)


@pytest.mark.parametrize("by", [0.1, -0.1, 1e-3])
@pytest.mark.parametrize("x", [X, randn(3, 2, seed=5).t()], ids=["plain", "transposed"])
def test_a_wrong_entry_is_pointed_at_by_its_index(x, by):
    error = refused(spoiled((1, 2), by), x)
    assert error.at == (1, 2) and error.error == pytest.approx(abs(by), rel=1e-3)
    assert str(error).startswith("gradient of f by argument 1: got ")
    assert "at [1, 2], finite differences give" in str(error)
    off = error.got - error.expected
    assert off[1, 2] == pytest.approx(by, rel=1e-3) and (off.abs() > 1e-6).sum() == 1


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whichever_entry_is_wrong_it_is_found(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 3), max_size=3)))
    at = tuple(data.draw(st.integers(0, side - 1)) for side in shape)
    assert refused(spoiled(at), randn(*shape, seed=data.draw(st.integers(0, 99)))).at == at


def test_a_tiny_relative_error_is_accepted_and_a_larger_one_refused():
    def tripling(factor):
        f = Local(lambda x: 3 * x)
        f.vjp = lambda x, cotangent: Gradients(None, {0: 3 * factor * cotangent}, {})
        return f

    for sign in (1, -1):
        assert_gradient(tripling(1 + 2e-5 * sign), X)
        refused(tripling(1 + 1e-3 * sign), X)


def test_only_the_wrong_argument_is_named():
    f = Local(lambda a, b: a * b.detach())
    error = refused(f, X, randn(2, 3, seed=9), what="product")
    assert str(error).startswith("gradient of product by argument 2: got 0 at [0, 0]")


def test_a_large_gradient_is_refused_by_a_direction():
    error = refused(spoiled((3, 4)), randn(9, 9, seed=4))
    assert "along a random direction" in str(error) and error.error > error.allowed


def test_gradients_that_cancel_in_their_sum_are_told_apart():
    swapped = Local(torch.exp)
    swapped.vjp = lambda x, **more: Gradients(
        None, {0: Local(torch.exp).vjp(x, **more).inputs[0].flip(0)}, {}
    )
    refused(swapped, X)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x.long(), "f: a tensor of dtype int64 has no gradient"),
        (lambda x: x > 0, "f: a tensor of dtype bool has no gradient"),
        (lambda x: None, "f: returned None"),
        (lambda x: (x, x), "f: returned a tuple of 2"),
        (lambda x: x / 0, "f: 6 of 6 values are inf or nan"),
    ],
)
def test_an_output_that_has_no_gradient_is_refused_before_any_arithmetic(function, said):
    assert str(refused(Local(function), X)).startswith(said)


@pytest.mark.parametrize(
    ("gradient", "said"),
    [
        (None, "returned None"),
        (3.0, "returned 3.0"),
        (torch.ones(3, 2, dtype=torch.float64), "shape (3, 2), expected (2, 3)"),
        (torch.ones(3, dtype=torch.float64), "shape (3,), expected (2, 3)"),
        (torch.ones(2, 3), "dtype float32, expected float64"),
        (torch.full((2, 3), math.nan, dtype=torch.float64), "6 of 6 values are inf or nan"),
        (
            torch.full((2, 3), 2.0, dtype=torch.float64).index_fill(1, torch.tensor(1), 3),
            "got 3 at [0, 1]",
        ),
        (torch.tensor(2.5, dtype=torch.float64).expand(2, 3), "got 2.5 at [0, 0]"),
        (torch.full((3, 2), 2.5, dtype=torch.float64).t(), "got 2.5 at [0, 0]"),
    ],
)
def test_a_gradient_that_was_handed_over_is_judged_like_an_answer(gradient, said):
    f, ones = (lambda n, x: 2 * x), torch.ones_like(X)
    assert_differences(f, (1, X), (None, torch.full_like(X, 2)), ones, what="dx", names=("n", "x"))
    with pytest.raises(Mismatch) as caught:
        assert_differences(f, (1, X), (None, gradient), ones, what="dx", names=("n", "x"))
    assert str(caught.value).startswith(f"dx by x: {said}")


def test_a_forward_pass_that_changes_its_shape_is_refused():
    outs = iter([X, X[0]])
    with pytest.raises(Mismatch, match="the forward pass: shape"):
        assert_differences(lambda x: next(outs), (X,), (X,), torch.ones_like(X), what="dx")
