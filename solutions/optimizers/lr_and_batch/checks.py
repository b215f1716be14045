import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    unpack,
    weight,
)
from grader.oracle.values import describe

UNITS = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)


def problem(seed=0, n=24):
    """X with columns of unequal scale, and y with noise."""
    X = randn(3, n, seed=seed).T * UNITS
    return X, X @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64) + randn(n, seed=seed + 1)


def loss_of(w, X, y):
    return ((X @ w - y) ** 2).mean() / 2


def gradient(w, X, y):
    return X.T @ (X @ w - y) / len(y)


def numbers(value, count, what):
    """A list of so many floats, as a tensor."""
    entries = unpack(value, count, what)
    others = [describe(each) for each in entries if type(each) is not float]
    if others:
        raise Mismatch(f"{what}: holds {others[0]}, expected floats", next_step="use .item()")
    return torch.tensor(value, dtype=torch.float64)


def grads_of(submission, w, X, y, batch, seed):
    got = submission.batch_grads(w, X, y, batch, seed)
    shape = (len(y) // batch, X.shape[1])
    return assert_tensor(got, "batch_grads", shape=shape, dtype=X.dtype)


@weight(2)
@settings(max_examples=15)
@example(batch=4, seed=0)
@given(batch=st.sampled_from([1, 2, 3, 4, 6, 12, 24]), seed=seeds())
def check_mean_is_the_full_gradient(submission, batch, seed):
    """The mean of the batch gradients of one epoch is the full gradient."""
    (X, y), w = problem(seed), randn(3, seed=seed + 2)
    expected = gradient(w, X, y)
    got = grads_of(submission, w, X, y, batch, seed)
    assert_close(got.mean(0), expected, f"the mean over batches of {batch}")


def check_batches_of_one_are_the_rows(submission):
    """With a batch of 1, the rows are the gradients of single examples, in some order."""
    (X, y), w = problem(), randn(3, seed=2)
    each = torch.stack([gradient(w, X[i : i + 1], y[i : i + 1]) for i in range(len(y))])
    got = grads_of(submission, w, X, y, 1, 5)
    assert_close(got[got[:, 2].argsort()], each[each[:, 2].argsort()], "batch_grads, sorted")


@weight(2)
def check_four_times_the_batch_quarters_the_variance(submission, record):
    """Batches of 4B have about a quarter of the variance of batches of B."""
    (X, y), w = problem(n=512), randn(3, seed=2)
    full, spread = gradient(w, X, y), {}
    for batch in (4, 16):
        calls = [(w, X, y, batch, seed) for seed in range(40)]
        answers = submission.batch_grads.many(calls)
        shape = (len(y) // batch, 3)
        rows = [assert_tensor(a, "batch_grads", shape=shape, dtype=X.dtype) for a in answers]
        spread[batch] = float((torch.cat(rows) - full).square().sum(-1).mean())
    ratio = spread[4] / max(spread[16], 1e-300)
    record.measure("variance of batches of 4, over that of 16", ratio)
    if not 3 <= ratio <= 5.3:
        raise Mismatch(f"the variance falls by a factor of {ratio:.2f}, expected about 4")


def check_seed_decides_the_batches(submission):
    """The same seed gives the same batches, and another seed others."""
    (X, y), w = problem(), randn(3, seed=2)
    first, again, other = (grads_of(submission, w, X, y, 4, seed) for seed in (901, 901, 902))
    assert_equal(again, first, "batch_grads with the same seed")
    if bool((other == first).all()):
        raise Mismatch("batch_grads: seeds 901 and 902 give the same batches")


@settings(max_examples=8)
@example(seed=0, steps=3)
@given(seed=seeds(), steps=st.integers(0, 20))
def check_lr_sweep(submission, seed, steps):
    """lr_sweep: the final loss of each rate, from w = 0, equals a replay."""
    X, y = problem(seed)
    lrs, expected = [0.0, 0.01, 0.1, 0.5], []
    for lr in lrs:
        w = torch.zeros(3, dtype=X.dtype)
        for _ in range(steps):
            w = w - lr * gradient(w, X, y)
        expected.append(loss_of(w, X, y))
    got = numbers(submission.lr_sweep(X, y, lrs, steps), len(lrs), "lr_sweep")
    assert_close(got, torch.stack(expected), "lr_sweep", rtol=1e-8)


@weight(2)
@settings(max_examples=10)
@example(seed=0)
@given(seed=seeds())
def check_largest_lr(submission, seed):
    """largest_lr is 2 / lambda_max of X^T X / N."""
    X, _ = problem(seed)
    limit = 2 / float(torch.linalg.eigvalsh(X.T @ X / len(X)).max())
    lr = submission.largest_lr(X)
    if type(lr) is not float or not abs(lr - limit) <= 1e-4 * limit:
        raise Mismatch(f"largest_lr: got {lr}, expected {limit:.6g}")


@weight(3)
@settings(max_examples=6)
@example(seed=0, steps=300, batch=4)
@given(seed=seeds(), steps=st.integers(1, 12), batch=st.sampled_from([1, 4, 6]))
def check_run(submission, seed, steps, batch):
    """run logs the rate that each step used, and the loss of its batch before it moved."""
    X, y = problem(seed)
    rows = torch.randint(len(y), (steps, batch), generator=generator(seed))
    rates = [0.02 + 0.05 * math.cos(s / 3) ** 2 for s in range(steps)]
    losses, w = [], torch.zeros(3, dtype=X.dtype)
    for here, lr in zip(rows, rates, strict=True):
        losses.append(loss_of(w, X[here], y[here]))
        w = w - lr * gradient(w, X[here], y[here])
    log = submission.run(X, y, rows, lambda s: 0.02 + 0.05 * math.cos(s / 3) ** 2)
    if not isinstance(log, dict) or set(log) != {"lr", "loss"}:
        raise Mismatch('run: expected a dict with the keys "lr" and "loss"')
    expected = torch.tensor(rates, dtype=torch.float64)
    assert_close(numbers(log["lr"], steps, 'run["lr"]'), expected, 'run["lr"]')
    got = numbers(log["loss"], steps, 'run["loss"]')
    assert_close(got, torch.stack(losses), 'run["loss"]', rtol=1e-6, atol=1e-9)


def check_keeps_inputs_and_refuses(submission):
    """No argument is changed, and a batch that does not divide N is refused."""
    (X, y), w = problem(), randn(3, seed=2)
    assert_keeps_inputs(submission.batch_grads, w, X, y, 4, 0)
    assert_keeps_inputs(submission.lr_sweep, X, y, [0.1], 3)
    for batch in (0, 5):
        with assert_raises(f"batch_grads(..., batch={batch})", naming="batch"):
            submission.batch_grads(w, X, y, batch, 0)
