from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from grader.oracle import (
    Mismatch,
    accuracy,
    assert_close,
    assert_equal,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)
from grader.oracle.values import describe

SIZES = st.sampled_from([[4, 5, 3], [6, 7, 5, 3], [3, 2], [2, 3, 4, 5, 2]])
TRAINED_ON, BAR = 1200, 0.93


def tensor(value, what, shape=None):
    """A float64 array as a tensor."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        raise Mismatch(f"{what}: {describe(value)}, expected an array of float64")
    return assert_tensor(torch.from_numpy(value), what, shape=shape, dtype=torch.float64)


def layers(value, what, sizes=None):
    """Params or gradients as (W, b) tensors whose sizes fit together."""
    if not isinstance(value, list | tuple) or not value:
        raise Mismatch(f"{what}: {describe(value)}, expected a list of dicts")
    if sizes and len(value) != len(sizes) - 1:
        raise Mismatch(f"{what}: {len(value)} layers, expected {len(sizes) - 1}")
    found = []
    for i, layer in enumerate(value):
        if not isinstance(layer, dict) or set(layer) != {"W", "b"}:
            raise Mismatch(f"{what}[{i}]: {describe(layer)}, expected a dict of W and b")
        W = tensor(layer["W"], f"{what}[{i}]['W']", tuple(sizes[i : i + 2]) if sizes else None)
        if W.ndim != 2 or (found and W.shape[0] != found[-1][0].shape[1]):
            raise Mismatch(f"{what}[{i}]['W']: shape {tuple(W.shape)} does not fit; (in, out)")
        found.append((W, tensor(layer["b"], f"{what}[{i}]['b']", (W.shape[1],))))
    return found


def network(sizes, seed, n=5):
    """Params with weights of size 1, inputs and classes; NumPy for the box."""
    params = [
        {"W": randn(i, o, seed=seed + k).numpy(), "b": randn(o, seed=seed + 10 + k).numpy()}
        for k, (i, o) in enumerate(pairwise(sizes))
    ]
    y = torch.randint(sizes[-1], (n,), generator=generator(seed))
    return params, randn(n, sizes[0], seed=seed + 20).numpy(), y.numpy()


def logits_of(pairs, X):
    a = X
    for i, (W, b) in enumerate(pairs):
        a = a @ W + b
        a = a.relu() if i < len(pairs) - 1 else a
    return a


def truth(params, X, y):
    """Loss and gradients that torch finds."""
    pairs = [tuple(torch.from_numpy(p[k]).clone().requires_grad_() for k in "Wb") for p in params]
    loss = F.cross_entropy(logits_of(pairs, torch.from_numpy(X)), torch.from_numpy(y))
    leaves = [leaf for pair in pairs for leaf in pair]
    found = iter(torch.autograd.grad(loss, leaves))
    return loss.detach(), [(next(found), next(found)) for _ in pairs]


def agrees(submission, sizes, params, X, y):
    loss, expected = truth(params, X, y)
    value, grads = unpack(submission.loss_and_grads(params, X, y), 2, "loss_and_grads")
    if not isinstance(value, float):
        raise Mismatch(f"the loss: {describe(value)}, expected a float")
    assert_close(torch.tensor(value, dtype=torch.float64), loss, "the loss")
    for i, (mine, right) in enumerate(zip(layers(grads, "grads", sizes), expected, strict=True)):
        for key, a, b in zip("Wb", mine, right, strict=True):
            assert_close(a, b, f"grads[{i}]['{key}'] of {len(expected)} layers", atol=1e-9)


def check_init(submission):
    """init: He standard deviation, biases 0, the same for the same seed, other for another."""
    sizes = [50, 200, 80, 7]
    first, again, other = submission.init.many([(sizes, 3), (sizes, 3), (sizes, 4)])
    rows = zip(*(layers(each, "init(sizes, seed)", sizes) for each in (first, again, other)))
    for i, ((W, b), (same, _), (another, _)) in enumerate(rows):
        what = f"W of layer {i}"
        assert_close(b, torch.zeros_like(b), f"b of layer {i}")
        assert_equal(same, W, f"{what}, made again with the same seed")
        he, root = (2 / sizes[i]) ** 0.5, W.numel() ** 0.5
        assert_close(W.mean(), torch.tensor(0.0).double(), f"mean of {what}", atol=6 * he / root)
        spread = torch.tensor(he, dtype=torch.float64)
        assert_close(W.std(), spread, f"standard deviation of {what}", rtol=6 / root / 2**0.5)
        if bool((another == W).any()):
            raise Mismatch(f"{what}: numbers of seed 3 and of seed 4 are equal")


@settings(max_examples=15)
@example(sizes=[4, 5, 3], seed=0)
@given(sizes=SIZES, seed=seeds())
def check_forward(submission, sizes, seed):
    """forward: a W + b in every layer, relu after every layer but the last."""
    params, X, _ = network(sizes, seed % 10**6)
    pairs = layers(params, "params", sizes)
    logits = tensor(submission.forward(params, X), "forward(params, X)", (5, sizes[-1]))
    assert_close(logits, logits_of(pairs, torch.from_numpy(X)), "forward(params, X)")


@weight(3)
@settings(max_examples=20)
@example(sizes=[4, 5, 3], n=4, seed=0)
@example(sizes=[6, 7, 5, 3], n=4, seed=0)
@given(sizes=SIZES, n=sides(1, 6), seed=seeds())
def check_gradients(submission, sizes, n, seed):
    """loss_and_grads: the loss and every gradient agree with torch's autograd."""
    agrees(submission, sizes, *network(sizes, seed % 10**6, n))


def check_kink(submission):
    """loss_and_grads: at z = 0 relu passes nothing back."""
    params, X, y = network([4, 5, 3], 0)
    params[0] = {"W": np.zeros((4, 5)), "b": np.array([0.0, 1.0, -1.0, 0.0, 2.0])}
    agrees(submission, [4, 5, 3], params, X, y)


def check_large_logits(submission):
    """loss_and_grads: with inputs of some hundreds nothing overflows."""
    params, X, y = network([4, 5, 3], 1)
    agrees(submission, [4, 5, 3], params, X * 400, y)


def check_keeps_arguments(submission):
    """No function changes its arguments."""
    params, X, y = network([4, 5, 3], 2)
    for function, args in (("forward", (params, X)), ("loss_and_grads", (params, X, y))):
        _, after, _ = getattr(submission, function).keeping(*args)
        for i, (before, now) in enumerate(zip(params, after[0], strict=True)):
            for key in "Wb":
                what = f"params[{i}]['{key}'] after {function}"
                assert_equal(tensor(now[key], what), torch.from_numpy(before[key]), what)
        assert_equal(tensor(after[1], "X"), torch.from_numpy(X), f"X after {function}")


@weight(4)
def check_learns_digits(submission, seed, record):
    """train: of 597 digits that it never saw, at least 93% are read right by its params."""
    pixels, digits = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    # Pixels change places and digits change names, so nothing can be brought along.
    order, places, names = rng.permutation(len(digits)), rng.permutation(64), rng.permutation(10)
    X, y = pixels[order][:, places] / 16, names[digits[order]].astype(np.int64)
    params = submission.train(X[:TRAINED_ON].copy(), y[:TRAINED_ON].copy(), int(seed % 1000))
    pairs = layers(params, "train(X, y, seed)")
    shape = (pairs[0][0].shape[0], pairs[-1][0].shape[1])
    if len(pairs) < 2 or shape != (64, 10):
        message = f"train: {len(pairs)} layers from {shape[0]} to {shape[1]} numbers"
        raise Mismatch(message, next_step="go from 64 to 10 over at least one hidden layer")
    answers = logits_of(pairs, torch.from_numpy(X[TRAINED_ON:])).argmax(1)
    value = accuracy(answers, torch.from_numpy(y[TRAINED_ON:]))
    record.measure("accuracy on unseen digits", value, bar=BAR)
    if value < BAR:
        message = f"{value:.1%} of the unseen digits are read right, asked for {BAR:.0%}"
        raise Mismatch(message, next_step="minibatches of 32, learning rate 0.1, 30 epochs")
