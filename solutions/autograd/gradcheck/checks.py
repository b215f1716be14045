import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_gradient,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    randn,
    seeds,
    tensors,
    weight,
)
from grader.oracle.values import describe

FAMILIES = {
    "quad": lambda x: 2 * torch.arange(1, x.numel() + 1).reshape(x.shape) * x,
    "lse": lambda x: x.flatten().softmax(0).reshape(x.shape),
    "cubic": lambda x: 3 * x**2,
}
SHAPES = [(3,), (), (2, 3, 4), (1, 5)]
BETAS = st.sampled_from([0.3, 1.0, 1.7, -0.8])


def number(value, what):
    """A Python float as a tensor."""
    if not isinstance(value, float):
        raise Mismatch(f"{what}: {describe(value)}, expected a Python float")
    return torch.tensor(value, dtype=torch.float64)


def swish(x, beta):
    return x * torch.sigmoid(beta * x)


def swish_gradients(x, beta, dy):
    """What torch finds for the plain formula, in float64."""
    leaves = [each.double().requires_grad_() for each in (x.clone(), beta.clone())]
    grads = torch.autograd.grad(swish(*leaves), leaves, dy.double())
    return [grad.to(x.dtype) for grad in grads]


@weight(2)
@settings(max_examples=4)
@example(seed=0)
@given(seed=seeds())
def check_num_grad(submission, seed):
    """num_grad: within 1e-7 of the true gradient, for any shape, transposed views included."""
    points = [randn(*shape, seed=seed) for shape in SHAPES] + [randn(4, 3, seed=seed).T]
    for name, truth in FAMILIES.items():
        f = submission.value(name)
        for x in points:
            what = f"num_grad({name}, x) for x of shape {tuple(x.shape)}"
            assert_close(submission.num_grad(f, x), truth(x), what, rtol=1e-7, atol=1e-7)


@weight(2)
def check_error_falls_with_eps_squared(submission):
    """num_grad: a tenth of eps makes a hundredth of the error, as central differences do."""
    x, cubic = randn(3, 2, seed=0), submission.value("cubic")
    errors = []
    for eps in (1e-2, 1e-3):
        what = f"num_grad(cubic, x, {eps})"
        got = assert_tensor(submission.num_grad(cubic, x, eps), what, shape=(3, 2), dtype=x.dtype)
        # On a cubic, each slope is too large by exactly eps^2.
        assert_close(got, 3 * x**2 + eps**2, what, rtol=1e-9, atol=1e-9)
        errors.append(float((got - 3 * x**2).abs().max()))
    ratio = errors[0] / max(errors[1], 1e-300)
    if not 80 < ratio < 120:
        raise Mismatch(f"num_grad: the error fell by {ratio:.3g}, expected 100")


def check_x_stays(submission):
    """num_grad: x is the same afterwards, to the bit."""
    x = torch.tensor([[0.1, 0.7, 1 / 3], [1e-3, 12.3, -7.7]], dtype=torch.float64)
    for point in (x, x.T, x[0, 2]):
        _, after, _ = submission.num_grad.keeping(submission.value("quad"), point)
        step = "move a copy, or put back the number that you kept: x + eps - eps is rounded"
        assert_equal(after[1], point, "x after num_grad", next_step=step)


def check_moves_one_entry(submission):
    """num_grad: f is asked at points that differ from x in one entry, by eps up and down."""
    x, seen = randn(2, 3, seed=3), []

    def f(point):
        seen.append(assert_tensor(point, "what f is given", shape=(2, 3), dtype=x.dtype) - x)
        return (point * x).sum()

    got = submission.num_grad(f, x, 0.25)
    assert_close(got, x, "num_grad of a linear function")
    steps = sorted(step.flatten().tolist() for step in seen if bool(step.any()))
    expected = [[0.0] * i + [sign * 0.25] + [0.0] * (5 - i) for i in range(6) for sign in (-1, 1)]
    off = torch.tensor(steps) - torch.tensor(sorted(expected)) if len(steps) == 12 else None
    if off is None or float(off.abs().max()) > 1e-6:
        asked = f"num_grad: f was asked {len(seen)} times for 6 entries"
        raise Mismatch(f"{asked}, expected once above and once below x for each")


@settings(max_examples=20)
@given(a=tensors(dtype=torch.float64), data=st.data())
def check_max_rel_error(submission, a, data):
    """max_rel_error: the largest |a - n| / max(|a|, |n|, floor)."""
    n = data.draw(tensors(tuple(a.shape), dtype=torch.float64))
    for scale in (1.0, 1e-6, 1e4):
        left, right = (a * scale).flatten().tolist(), (n * scale).flatten().tolist()
        rows = [abs(p - q) / max(abs(p), abs(q), 1e-8) for p, q in zip(left, right, strict=True)]
        got = number(submission.max_rel_error(a * scale, n * scale), "max_rel_error(a, n)")
        assert_close(got, torch.tensor(max(rows), dtype=torch.float64), "max_rel_error(a, n)")


def check_max_rel_error_near_zero(submission):
    """max_rel_error: equal zeros give 0, the floor keeps noise small, and a nan is not lost."""
    cases = [
        ([0.0, 2.0], [0.0, 2.0], {}, 0.0),
        ([0.5, 2.0], [0.0, 2.0], {"floor": 10.0}, 0.05),
        ([1e-12, 2.0], [0.0, 2.0], {}, 1e-4),
        ([math.nan, 2.0], [1.0, 3.0], {}, math.nan),
        ([1.0, 2.0], [1.0, math.nan], {}, math.nan),
    ]
    for a, n, floor, expected in cases:
        left, right = (torch.tensor(each, dtype=torch.float64) for each in (a, n))
        what = f"max_rel_error({a}, {n})"
        got = number(submission.max_rel_error(left, right, **floor), what)
        assert_close(got, torch.tensor(expected, dtype=torch.float64), what)


@settings(max_examples=20)
@example(x=randn(4, 3, seed=0), beta=1.7)
@given(x=tensors(scale=2.0), beta=BETAS)
def check_swish(submission, x, beta):
    """swish: x * sigmoid(beta * x), in float32 and float64."""
    beta = torch.tensor(beta, dtype=x.dtype)
    expected = swish(x.double(), beta.double()).to(x.dtype)
    assert_close(submission.swish(x, beta), expected, "swish(x, beta)")
    assert_close(submission.value("Swish").apply(x, beta), expected, "Swish.apply(x, beta)")


@weight(3)
@settings(max_examples=10)
@example(x=randn(4, 3, seed=0), beta=1.7, seed=1)
@given(x=tensors(scale=2.0), beta=BETAS, seed=seeds())
def check_swish_gradients(submission, x, beta, seed):
    """Swish.backward: the gradients of x and beta equal torch's, for any upstream gradient."""
    beta, dy = torch.tensor(beta, dtype=x.dtype), randn(*x.shape, seed=seed, dtype=x.dtype)
    expected = swish_gradients(x, beta, dy)
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if x.dtype == torch.float32 else {}
    for f, name in ((submission.value("Swish").apply, "Swish.apply"), (submission.swish, "swish")):
        found = f.vjp(x, beta, cotangent=dy).inputs
        for i, argument in enumerate(("x", "beta")):
            what = f"gradient of {argument} by {name}"
            assert_close(found.get(i), expected[i], what, **tolerance)


def check_swish_against_differences(submission):
    """Swish.backward agrees with central differences of your own forward pass."""
    for beta in (0.3, 1.7):
        beta = torch.tensor(beta, dtype=torch.float64)
        assert_gradient(submission.swish, 2 * randn(5, 3, seed=4), beta, what="swish")


def check_swish_far_out(submission):
    """swish and its gradients stay finite at x = -1000, -60, 60 and 1000."""
    for dtype in (torch.float64, torch.float32):
        x = torch.tensor([-1000.0, -60.0, 60.0, 1000.0], dtype=dtype)
        beta, dy = torch.tensor(1.7, dtype=dtype), torch.ones_like(x)
        expected = swish_gradients(x, beta, dy)
        found = submission.swish.vjp(x, beta, cotangent=dy)
        assert_close(found.out, swish(x, beta), "swish(x, beta)")
        for i, argument in enumerate(("x", "beta")):
            assert_close(found.inputs.get(i), expected[i], f"gradient of {argument}", atol=1e-6)


def check_keeps_arguments(submission):
    """max_rel_error and swish change none of their arguments."""
    x, y = randn(3, 2, seed=0), randn(3, 2, seed=1)
    assert_keeps_inputs(submission.max_rel_error, x, y)
    assert_keeps_inputs(submission.swish, x, torch.tensor(0.7).double())


def check_refuses_bad_arguments(submission):
    """num_grad of float32 raises a TypeError, and unequal shapes a ValueError, with the name."""
    with assert_raises("num_grad of float32", "TypeError", naming="x"):
        submission.num_grad(submission.value("quad"), torch.ones(2))
    for shape in ((3,), (1, 3)):
        with assert_raises(f"max_rel_error of (3, 1) and {shape}", naming="n"):
            submission.max_rel_error(torch.ones(3, 1).double(), torch.ones(shape).double())
