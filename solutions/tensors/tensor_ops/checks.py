import numpy as np
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
    randn,
    seeds,
    sides,
    tensors,
    weight,
)
from grader.oracle.values import describe

HEADS = st.sampled_from([1, 2, 3, 5])


@weight(2)
@settings(max_examples=20)
@example(X=randn(5, 3, seed=0), eps=0.5)
@example(X=randn(3, 5, seed=1).float() * 0.01, eps=1e-4)
@given(X=tensors(min_ndim=2, max_ndim=2, max_side=9), eps=st.sampled_from([1e-4, 0.5]))
def check_standardize(submission, X, eps):
    """standardize: (X - mean) / sqrt(var + eps) by columns, with the biased variance."""
    centred = X.double() - X.double().mean(0)
    expected = (centred / (centred.square().mean(0) + eps).sqrt()).to(X.dtype)
    tolerance = {"atol": 1e-5} if X.dtype == torch.float32 else {}
    assert_close(submission.standardize(X, eps), expected, f"standardize(X, {eps})", **tolerance)


def check_standardize_default_eps(submission):
    """standardize(X): every column has mean 0 and biased variance 1, whatever its scale was."""
    X = randn(7, 4, seed=2) * torch.tensor([1.0, 10.0, 100.0, 0.1]) + torch.tensor([0, 5, -50, 1])
    got = assert_tensor(submission.standardize(X), "standardize(X)", shape=(7, 4), dtype=X.dtype)
    zeros, ones = torch.zeros(4).double(), torch.ones(4).double()
    assert_close(got.mean(0), zeros, "the means of standardize(X)", atol=1e-9)
    assert_close(got.square().mean(0), ones, "the variances of standardize(X)", atol=1e-5)


def check_standardize_constant_column(submission):
    """standardize: a constant column gives zeros, and so does a single row."""
    for dtype in (torch.float64, torch.float32):
        X = torch.tensor([[2.5, 1.0], [2.5, 2.0], [2.5, 6.0], [2.5, 3.0]], dtype=dtype)
        got = assert_tensor(submission.standardize(X), "standardize(X)", shape=(4, 2), dtype=dtype)
        assert_close(got[:, 0], torch.zeros(4, dtype=dtype), "a constant column, standardized")
        row = X[:1]
        assert_close(submission.standardize(row), torch.zeros_like(row), "one row, standardized")


@weight(2)
@settings(max_examples=20)
@example(n=2, m=3, d=4, shift=10.0, seed=0)
@example(n=3, m=3, d=3, shift=0.0, seed=1)
@given(n=sides(1, 9), m=sides(1, 9), d=sides(1, 7), shift=st.floats(0, 10), seed=seeds())
def check_distances(submission, n, m, d, shift, seed):
    """pairwise_sq_dists: every entry matches its definition, also after a common shift."""
    A, B = randn(d, n, seed=seed).T, randn(m, d, seed=seed + 1)
    expected = torch.stack([torch.stack([((x - y) ** 2).sum() for y in B]) for x in A])
    what = "pairwise_sq_dists(A, B)"
    assert_close(submission.pairwise_sq_dists(A, B), expected, what)
    got = submission.pairwise_sq_dists(A + shift, B + shift)
    assert_close(got, expected, f"{what} after a shift", atol=1e-8)
    single = submission.pairwise_sq_dists(A.float(), B.float())
    assert_close(single, expected.float(), f"{what} in float32", atol=1e-4)


def check_distances_are_not_negative(submission):
    """pairwise_sq_dists(A, A): 0 on the diagonal, symmetric, and nowhere below 0."""
    for seed in range(5):
        A = randn(9, 7, seed=seed) + 10
        got = assert_tensor(
            submission.pairwise_sq_dists(A, A), "pairwise_sq_dists(A, A)", shape=(9, 9)
        )
        if bool((got < 0).any()):
            step = "rounding can push a difference of large squares below 0"
            raise Mismatch(
                f"pairwise_sq_dists(A, A): {float(got.min()):.3g} is below 0",
                got=got,
                next_step=step,
            )
        assert_close(got.diagonal(), torch.zeros(9).double(), "its diagonal", atol=1e-9)
        assert_close(got, got.T, "pairwise_sq_dists(A, A), against its transpose")


def check_many_rows(submission):
    """pairwise_sq_dists: 1,000 rows against 1,000 take a moment; a loop over the pairs does not."""
    A, B = randn(1000, 3, seed=0), randn(1000, 3, seed=1)
    expected = (A[:, None] - B).square().sum(-1)
    assert_close(submission.pairwise_sq_dists(A, B), expected, "pairwise_sq_dists(A, B)")


@weight(2)
@settings(max_examples=20)
@example(batch=2, T=5, d=4, h=3, seed=0)
@given(batch=sides(1, 3), T=sides(), d=sides(1, 4), h=HEADS, seed=seeds())
def check_split_heads(submission, batch, T, d, h, seed):
    """split_heads: out[b, i, t] holds the features i * d to (i + 1) * d of x[b, t]."""
    x = randn(batch, h * d, T, seed=seed).mT
    expected = torch.stack([x[:, :, i * d : (i + 1) * d] for i in range(h)], 1)
    assert_equal(submission.split_heads(x, h), expected, f"split_heads(x, {h})")


@settings(max_examples=20)
@example(batch=2, T=5, d=4, h=3, seed=0)
@given(batch=sides(1, 3), T=sides(), d=sides(1, 4), h=HEADS, seed=seeds())
def check_merge_heads(submission, batch, T, d, h, seed):
    """merge_heads: head i gives the features i * d to (i + 1) * d of the result."""
    x = randn(batch, h, d, T, seed=seed).float().mT
    expected = torch.cat([x[:, i] for i in range(h)], -1)
    assert_equal(submission.merge_heads(x), expected, "merge_heads(x)")


@settings(max_examples=10)
@example(x=randn(2, 5, 6, seed=0))
@given(x=tensors((2, 3, 6)))
def check_heads_there_and_back(submission, x):
    """merge_heads(split_heads(x, h)) is x again, to the bit."""
    for h in (1, 2, 3):
        heads = submission.split_heads(x, h)
        assert_tensor(heads, f"split_heads(x, {h})", shape=(2, h, x.shape[1], 6 // h))
        assert_equal(submission.merge_heads(heads), x, f"merge_heads(split_heads(x, {h}))")


@weight(2)
@settings(max_examples=20)
@example(batch=2, channels=3, rows=2, columns=4, p=2, seed=0)
@example(batch=1, channels=1, rows=3, columns=2, p=3, seed=1)
@given(
    batch=sides(1, 2),
    channels=sides(1, 3),
    rows=sides(1, 4),
    columns=sides(1, 4),
    p=st.sampled_from([1, 2, 3]),
    seed=seeds(),
)
def check_patchify(submission, batch, channels, rows, columns, p, seed):
    """patchify: patches row by row, and channel, row, column inside each of them."""
    img = randn(batch, channels, columns * p, rows * p, seed=seed).mT
    cut = [
        img[:, :, r * p : (r + 1) * p, c * p : (c + 1) * p].reshape(batch, -1)
        for r in range(rows)
        for c in range(columns)
    ]
    assert_equal(submission.patchify(img, p), torch.stack(cut, 1), f"patchify(img, {p})")


@weight(2)
def check_to_numpy(submission):
    """to_numpy: the same numbers and dtype, of a tensor that requires grad and changes later."""
    for t in (
        randn(3, 5, seed=0).T,
        randn(2, 3, seed=1).float(),
        torch.arange(4),
        torch.tensor(2.5),
    ):
        expected = t.clone()
        for name in ("to_numpy", "numpy_after_change"):
            got = getattr(submission, name)(t)
            if not isinstance(got, np.ndarray):
                raise Mismatch(f"{name}(t): returned {describe(got)}, expected a NumPy array")
            assert_equal(torch.from_numpy(got), expected, f"{name}(t)")


def check_keeps_arguments(submission):
    """No function changes its arguments."""
    X, Y = randn(4, 6, seed=0), randn(3, 6, seed=1)
    assert_keeps_inputs(submission.standardize, X)
    assert_keeps_inputs(submission.pairwise_sq_dists, X, Y)
    assert_keeps_inputs(submission.split_heads, X[None], 3)
    assert_keeps_inputs(submission.merge_heads, X.reshape(1, 2, 3, 4))
    assert_keeps_inputs(submission.patchify, X.reshape(1, 1, 4, 6), 2)
    assert_keeps_inputs(submission.to_numpy, X)


def check_refuses_bad_sizes(submission):
    """Sizes that do not fit raise a ValueError that names the argument."""
    with assert_raises("pairwise_sq_dists of 3 and 1 columns", naming="B"):
        submission.pairwise_sq_dists(torch.zeros(2, 3), torch.zeros(2, 1))
    with assert_raises("split_heads of 4 features, h = 3", naming="h"):
        submission.split_heads(torch.zeros(2, 3, 4), 3)
    for shape in ((1, 1, 4, 6), (1, 1, 6, 4)):
        with assert_raises(f"patchify of {shape[2]} x {shape[3]}, p = 3", naming="p"):
            submission.patchify(torch.zeros(shape), 3)
