import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    randn,
    seeds,
    tensors,
    unpack,
    weight,
)

SHAPES = [(3, 4), (4,), (), (2, 3, 2)]
LR = st.sampled_from([0.1, 0.5, 3.0])
DTYPES = st.sampled_from([torch.float64, torch.float32])


def weights(seed, dtype=torch.float64):
    """Four tensors of unequal shapes, the first of them a transposed view."""
    first, *others = (randn(*shape, seed=seed + i, dtype=dtype) for i, shape in enumerate(SHAPES))
    return [first.T.contiguous().T, *others]


def fact(row, name, what):
    """One fact of a leaf. The functions that collect them are given in the stub."""
    if not isinstance(row, dict) or name not in row:
        raise Mismatch(
            f"{what}: no `{name}`; the given functions of the stub must stay as they are"
        )
    return row[name]


def assert_leaf(row, what, requires_grad=True):
    """A leaf of before is one still."""
    for name, expected in {
        "is_leaf": True,
        "requires_grad": requires_grad,
        "still in the list": True,
    }.items():
        got = fact(row, name, what)
        if got is not expected:
            raise Mismatch(f"{what}: {name} is {got}, expected {expected}")


@weight(2)
@settings(max_examples=15)
@example(seed=0, lr=0.5, dtype=torch.float64)
@given(seed=seeds(), lr=LR, dtype=DTYPES)
def check_sgd_steps(submission, seed, lr, dtype):
    """sgd_update_: after one and after three steps the values are p - steps * lr * grad."""
    params, grads = weights(seed, dtype), weights(seed + 9, dtype)
    for steps in (1, 3):
        expected = [
            (p.double() - steps * lr * g.double()).to(dtype)
            for p, g in zip(params, grads, strict=True)
        ]
        rows = unpack(submission.updated(params, grads, lr, steps), len(params), "updated")
        for i, (row, want) in enumerate(zip(rows, expected, strict=True)):
            what = f"parameter {i} after {steps} of sgd_update_"
            assert_close(fact(row, "value", what), want, what)


@weight(2)
def check_sgd_in_place(submission):
    """sgd_update_: the memory stays, so a view sees the change; leaves stay tracked leaves."""
    params, grads = weights(0), weights(9)
    rows = unpack(submission.updated(params, grads, 0.5, 1), len(params), "updated")
    for i, (row, p, g) in enumerate(zip(rows, params, grads, strict=True)):
        assert_leaf(row, f"parameter {i} after sgd_update_")
        what = f"parameter {i}, seen by a view"
        assert_close(fact(row, "value seen by a view", what), p - 0.5 * g, what)


def check_sgd_leaves_gradients(submission):
    """sgd_update_: the gradients are the same afterwards."""
    params, grads = weights(0), weights(9)
    rows = unpack(submission.updated(params, grads, 0.5, 1), len(params), "updated")
    for i, (row, g) in enumerate(zip(rows, grads, strict=True)):
        what = f"grad of parameter {i} after sgd_update_"
        assert_equal(fact(row, "grad", what), g, what)


@weight(2)
def check_sgd_skips_missing_gradients(submission):
    """sgd_update_: a parameter whose grad is None stays as it is, and those behind it are moved."""
    params, (first, _, third, _) = weights(0), weights(9)
    grads = [first, None, third, None]
    rows = unpack(submission.updated(params, grads, 0.5, 2), len(params), "updated")
    for i, (row, p, g) in enumerate(zip(rows, params, grads, strict=True)):
        what = f"parameter {i} after 2 of sgd_update_"
        assert_close(fact(row, "value", what), p if g is None else p - g, what)
        if g is None and fact(row, "grad", what) is not None:
            raise Mismatch(f"grad of parameter {i}: no longer None")


@weight(2)
@settings(max_examples=15)
@example(seed=0, tau=0.2, dtype=torch.float64)
@given(seed=seeds(), tau=st.sampled_from([0.0, 0.01, 0.2, 0.8, 1.0]), dtype=DTYPES)
def check_ema(submission, seed, tau, dtype):
    """ema_update_: after n updates the target is (1 - tau)^n of itself, and the rest is online."""
    target, online = weights(seed, dtype), weights(seed + 9, dtype)
    for steps in (1, 3):
        kept = (1 - tau) ** steps
        expected = [kept * t.double() + (1 - kept) * o for t, o in zip(target, online, strict=True)]
        rows = submission.averaged(target, online, tau, steps, False)
        rows = unpack(rows, 2 * len(target), "averaged")
        for i, (row, want) in enumerate(zip(rows, expected, strict=False)):
            what = f"target {i} after {steps} of ema_update_, tau = {tau}"
            assert_close(fact(row, "value", what), want.to(dtype), what)


@weight(2)
def check_ema_in_place(submission):
    """ema_update_: targets keep memory and flags, tracked or not; online stays as it is."""
    target, online = weights(0), weights(9)
    for tracked in (False, True):
        rows = submission.averaged(target, online, 0.2, 1, tracked)
        rows = unpack(rows, 2 * len(target), "averaged")
        for i, (t, o) in enumerate(zip(target, online, strict=True)):
            what = f"target {i} after ema_update_"
            assert_leaf(rows[i], what, requires_grad=tracked)
            seen = fact(rows[i], "value seen by a view", what)
            assert_close(seen, 0.8 * t + 0.2 * o, f"target {i}, seen by a view")
            row, what = rows[len(target) + i], f"online {i} after ema_update_"
            assert_leaf(row, what)
            assert_equal(fact(row, "value", what), o, what)


@settings(max_examples=15)
@given(pred=tensors(), data=st.data())
def check_stop_grad_value(submission, pred, data):
    """stop_grad_mse: the mean of the squared differences, as a scalar."""
    target = data.draw(tensors(tuple(pred.shape), dtype=pred.dtype))
    expected = (pred.double() - target.double()).square().mean().to(pred.dtype)
    assert_close(submission.stop_grad_mse(pred, target), expected, "stop_grad_mse(pred, target)")


@weight(2)
def check_stop_grad_gradients(submission):
    """stop_grad_mse: nothing goes back into target, and pred gets 2 (pred - target) / count."""
    for shape in ((5,), (3, 2), ()):
        pred, target = randn(*shape, seed=1), randn(*shape, seed=2)
        cotangent = torch.tensor(3.0, dtype=torch.float64)
        found = submission.stop_grad_mse.vjp(pred, target, cotangent=cotangent)
        if found.inputs.get(1) is not None:
            assert_close(found.inputs[1], torch.zeros_like(target), "gradient of target")
        expected = 3 * 2 * (pred - target) / pred.numel()
        assert_close(found.inputs.get(0), expected, "gradient of pred")


def check_refuses_what_does_not_fit(submission):
    """Lists of unequal length and unequal shapes raise a ValueError that names the argument."""
    for online in (weights(9)[:2], [*weights(9), torch.ones(2)]):
        with assert_raises(f"ema_update_ of 4 targets and {len(online)} online", naming="online"):
            submission.ema_update_(weights(0), online, 0.1)
    for shape in ((3,), (1, 3), ()):
        with assert_raises(f"stop_grad_mse of (3, 1) and {shape}", naming="target"):
            submission.stop_grad_mse(torch.zeros(3, 1), torch.ones(shape))


def check_keeps_arguments(submission):
    """stop_grad_mse changes neither of its arguments."""
    assert_keeps_inputs(submission.stop_grad_mse, randn(3, 2, seed=0), randn(3, 2, seed=1))
