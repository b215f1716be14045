import math

import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_keeps_inputs,
    assert_raises,
    generator,
    randn,
    seeds,
    sides,
    weight,
)
from grader.oracle.values import describe

REDUCTIONS = ("mean", "sum", "none")
PAIRS = {"bce_with_logits": F.binary_cross_entropy_with_logits, "mse": F.mse_loss, "mae": F.l1_loss}
DTYPES = st.sampled_from([torch.float64, torch.float32])
FAR = torch.tensor([-1000.0, -500.0, -30.0, 30.0, 500.0, 1000.0]).double()
LARGE = torch.tensor([[500.0, 0.0, -500.0], [3.0, 900.0, 901.0], [-400.0, -402.0, -401.0]]).double()


def loose(dtype):
    return {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {}


def agrees(submission, name, args, expected, **kwargs):
    """`expected` is torch's, in float64."""
    dtype, what = args[0].dtype, ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
    got = getattr(submission, name)(*args, **kwargs)
    assert_close(got, expected.to(dtype), f"{name}({what})" if what else name, **loose(dtype))


def slope(loss, x, *rest, **kwargs):
    """The derivative of torch's mean loss, in float64."""
    leaf = x.double().clone().requires_grad_()
    return torch.autograd.grad(loss(leaf, *rest, **kwargs), leaf)[0]


def rows(name, n, seed, dtype=torch.float64):
    """Predictions and targets of a loss with one number per row, laid out with a stride."""
    a = randn(n, 2, seed=seed, dtype=dtype)[:, 0] * 3
    if name == "bce_with_logits":
        return a, torch.randint(2, (n,), generator=generator(seed)).to(dtype)
    y = randn(n, seed=seed + 1, dtype=dtype)
    y[::3] = a[::3]  # exactly right: MAE has its kink here
    return a, y


def classes(n, k, seed, dtype=torch.float64):
    logits = (randn(k, n, seed=seed, dtype=dtype) * 3).T
    return logits, torch.randint(k, (n,), generator=generator(seed))


@weight(2)
@settings(max_examples=15)
@example(n=5, seed=0, dtype=torch.float64)
@given(n=sides(1, 7), seed=seeds(), dtype=DTYPES)
def check_losses_of_one_number(submission, n, seed, dtype):
    """bce_with_logits, mse and mae agree with torch's, for each reduction."""
    for name, torchs in PAIRS.items():
        a, y = rows(name, n, seed, dtype)
        for reduction in REDUCTIONS:
            expected = torchs(a.double(), y.double(), reduction=reduction)
            agrees(submission, name, (a, y), expected, reduction=reduction)
        agrees(submission, name, (a, y), torchs(a.double(), y.double()))


@weight(2)
def check_bce_far_out(submission):
    """bce_with_logits: at z = -1000 and 1000 the loss and its gradient are right and finite."""
    for dtype in (torch.float64, torch.float32):
        z = FAR.to(dtype)
        for y in (torch.ones(6, dtype=dtype), torch.zeros(6, dtype=dtype)):
            expected = F.binary_cross_entropy_with_logits(FAR, y.double(), reduction="none")
            agrees(submission, "bce_with_logits", (z, y), expected, reduction="none")
            expected = slope(F.binary_cross_entropy_with_logits, FAR, y.double())
            agrees(submission, "bce_with_logits_grad", (z, y), expected)


@weight(2)
@settings(max_examples=15)
@example(n=5, k=3, seed=0, dtype=torch.float64)
@given(n=sides(), k=sides(), seed=seeds(), dtype=DTYPES)
def check_cross_entropy(submission, n, k, seed, dtype):
    """cross_entropy agrees with torch's, for each reduction."""
    logits, target = classes(n, k, seed, dtype)
    for reduction in REDUCTIONS:
        expected = F.cross_entropy(logits.double(), target, reduction=reduction)
        agrees(submission, "cross_entropy", (logits, target), expected, reduction=reduction)
    agrees(submission, "cross_entropy", (logits, target), F.cross_entropy(logits.double(), target))


@weight(2)
def check_large_logits(submission):
    """cross_entropy: logits of 900 do not overflow, and adding 300 to a row changes nothing."""
    for logits in (LARGE, LARGE.float(), LARGE + 300):
        for target in (torch.tensor([2, 0, 1]), torch.tensor([0, 2, 0])):
            expected = F.cross_entropy(LARGE, target, reduction="none")
            agrees(submission, "cross_entropy", (logits, target), expected, reduction="none")
            expected = slope(F.cross_entropy, LARGE, target)
            agrees(submission, "cross_entropy_grad", (logits, target), expected)


@weight(2)
@settings(max_examples=10)
@example(n=5, k=3, seed=0, ignored=-100)
@example(n=7, k=4, seed=0, ignored=2)
@given(n=sides(2, 6), k=sides(2, 5), seed=seeds(), ignored=st.sampled_from([-100, -1, 0]))
def check_ignored_rows(submission, n, k, seed, ignored):
    """cross_entropy: ignored rows cost 0, have no gradient, and are not counted in the mean."""
    logits, target = classes(n, k, seed)
    target[0], target[1:][target[1:] == ignored] = ignored, k - 1
    given_index = {} if ignored == -100 else {"ignore_index": ignored}
    for reduction in REDUCTIONS:
        expected = F.cross_entropy(logits, target, ignore_index=ignored, reduction=reduction)
        kwargs = {**given_index, "reduction": reduction}
        agrees(submission, "cross_entropy", (logits, target), expected, **kwargs)
    expected = slope(F.cross_entropy, logits, target, ignore_index=ignored)
    agrees(submission, "cross_entropy_grad", (logits, target), expected, **given_index)


def check_all_rows_ignored(submission):
    """cross_entropy: where every row is ignored, the mean is 0, and so is the gradient."""
    logits, target = randn(3, 4, seed=0), torch.full((3,), -100)
    agrees(submission, "cross_entropy", (logits, target), torch.tensor(0.0))
    agrees(submission, "cross_entropy_grad", (logits, target), torch.zeros(3, 4))


@weight(2)
@settings(max_examples=15)
@example(n=5, seed=0, dtype=torch.float64)
@given(n=sides(1, 7), seed=seeds(), dtype=DTYPES)
def check_gradients_of_one_number(submission, n, seed, dtype):
    """The gradients of bce_with_logits, mse and mae agree with autograd; mae's is 0 at p = y."""
    for name, torchs in PAIRS.items():
        a, y = rows(name, n, seed, dtype)
        agrees(submission, f"{name}_grad", (a, y), slope(torchs, a, y.double()))


@weight(2)
@settings(max_examples=15)
@example(n=5, k=3, seed=0, dtype=torch.float64)
@given(n=sides(), k=sides(), seed=seeds(), dtype=DTYPES)
def check_cross_entropy_gradient(submission, n, k, seed, dtype):
    """cross_entropy_grad agrees with autograd: (softmax - onehot) / N."""
    logits, target = classes(n, k, seed, dtype)
    expected = slope(F.cross_entropy, logits, target)
    agrees(submission, "cross_entropy_grad", (logits, target), expected)


@weight(2)
@settings(max_examples=20)
@example(n=5, seed=0)
@example(n=4, seed=1)
@given(n=sides(1, 8), seed=seeds())
def check_best_constant(submission, n, seed):
    """best_constant: no other number has a smaller loss; one outlier is always among the y."""
    y = randn(n, seed=seed)
    y[0] = 100.0
    losses = {"mse": lambda c: (y - c).square().mean(1), "mae": lambda c: (y - c).abs().mean(1)}
    others = torch.cat([y, y.mean()[None], torch.linspace(-4, 100, 500)])[:, None]
    for loss, mean in losses.items():
        c = submission.best_constant(y, loss)
        if type(c) is not float or not math.isfinite(c):
            raise Mismatch(f"best_constant(y, {loss!r}): {describe(c)}, expected a finite float")
        mine, best = mean(torch.tensor([[c]], dtype=torch.float64)), mean(others)
        if mine > best.min() + 1e-9:
            better = float(others[best.argmin()])
            message = f"best_constant(y, {loss!r}): {c:.6g} costs {float(mine):.6g}"
            message += f", {better:.6g} only {float(best.min()):.6g}"
            raise Mismatch(message, next_step="where is the slope of the mean loss 0?")


def check_refuses_other_shapes(submission):
    """Shapes that would broadcast raise a ValueError that names `y` or `target`."""
    for name in PAIRS:
        for a, y in (((3, 1), (3,)), ((3,), (3, 1)), ((3,), (1,))):
            for function in (name, f"{name}_grad"):
                with assert_raises(f"{function} of shapes {a} and {y}", naming="y"):
                    getattr(submission, function)(torch.zeros(a), torch.zeros(y))
    for function in ("cross_entropy", "cross_entropy_grad"):
        for shape in ((2,), (3, 1), (1,)):
            with assert_raises(f"{function} of logits (3, 4), target {shape}", naming="target"):
                getattr(submission, function)(
                    torch.zeros(3, 4), torch.zeros(shape, dtype=torch.int64)
                )


def check_refuses_other_values(submission):
    """A target outside 0..K-1, and an unknown reduction or loss, raise a ValueError naming it."""
    logits = torch.zeros(2, 4)
    for wrong, ignore_index in ((4, -100), (-1, -100), (-100, 7)):
        target = torch.tensor([1, wrong])
        for function in ("cross_entropy", "cross_entropy_grad"):
            what = f"{function} of 4 classes, target {wrong}, ignore_index {ignore_index}"
            with assert_raises(what, naming="target"):
                getattr(submission, function)(logits, target, ignore_index=ignore_index)
    for name in (*PAIRS, "cross_entropy"):
        args = (logits, torch.tensor([1, 2])) if name == "cross_entropy" else (logits[0], logits[1])
        with assert_raises(f"{name} with reduction='total'", naming="reduction"):
            getattr(submission, name)(*args, reduction="total")
    with assert_raises("best_constant(y, 'huber')", naming="loss"):
        submission.best_constant(logits[0], "huber")


def check_keeps_arguments(submission):
    """No function changes its arguments."""
    for name in PAIRS:
        for function in (name, f"{name}_grad"):
            assert_keeps_inputs(getattr(submission, function), *rows(name, 5, 0))
    logits, target = classes(5, 3, 0)
    target[1] = -100
    assert_keeps_inputs(submission.cross_entropy, logits, target)
    assert_keeps_inputs(submission.cross_entropy_grad, logits, target)
    assert_keeps_inputs(submission.best_constant, randn(5, seed=0), "mae")
