import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    weight,
)
from grader.oracle.values import describe

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
SPREAD = {
    "xavier": lambda width: math.sqrt(1 / width),
    "he": lambda width: math.sqrt(2 / width),
    "default": lambda width: math.sqrt(1 / (3 * width)),
    "unit": lambda width: 1.0,
    "tiny": lambda width: 0.01,
}
NAMES = (
    "sigmoid xavier",
    "sigmoid xavier norm",
    "sigmoid xavier residual",
    "tanh xavier",
    "relu default",
    "relu he",
    "relu unit",
    "relu tiny",
)
DEPTH, WIDTH = 20, 64


def profile_of(weights, x, target, act, norm=False, residual=False):
    """The truth, by autograd."""
    leaves = [each.clone().requires_grad_() for each in weights]
    a = x
    for each in leaves:
        z = a @ each.T
        if norm:
            z = (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()
        a = ACTIVATIONS[act](z) + (a if residual else 0)
    gradients = torch.autograd.grad((a - target).square().mean(), leaves)
    return torch.stack([each.square().sum().sqrt() for each in gradients])


def small(depth, seed, n=4, width=3):
    weights = [randn(width, width, seed=seed + k) for k in range(depth)]
    return weights, randn(n, width, seed=seed + 50), randn(n, width, seed=seed + 51)


def deep(init, seed):
    """Weights, input and target at full size, in float32."""
    g = generator(seed)
    weights = list(torch.randn(DEPTH, WIDTH, WIDTH, generator=g) * SPREAD[init](WIDTH))
    return weights, *torch.randn(2, 128, WIDTH, generator=g)


def flags(words):
    return {name: True for name in ("norm", "residual") if name in words}


def agrees(submission, depth, seed, act, **options):
    args = small(depth, seed % 10**6)
    expected = profile_of(*args, act, **options)
    on = ", ".join([act, *options])
    got = submission.grad_profile(*args, act, **options)
    assert_close(got, expected, f"the profile of {depth} layers, {on}", rtol=1e-7, atol=1e-12)


@weight(2)
def check_weights(submission):
    """make_weights: standard deviation, shape, and seed of every kind of start."""
    for init, spread in SPREAD.items():
        what, made = f"make_weights(3, 50, {init!r}, seed)", []
        for seed in (1, 1, 2):
            weights = submission.make_weights(3, 50, init, seed)
            if not isinstance(weights, list | tuple) or len(weights) != 3:
                raise Mismatch(f"{what}: {describe(weights)}, expected a list of 3")
            for each in weights:
                assert_tensor(each, f"a weight of {what}", shape=(50, 50), dtype=torch.float32)
            made.append(torch.stack(list(weights)).double())
        deviation = torch.tensor(spread(50), dtype=torch.float64)
        bound = 6 * spread(50) / math.sqrt(7500)
        assert_close(made[0].mean(), torch.tensor(0.0).double(), f"mean of {what}", atol=bound)
        close = {"atol": bound, "rtol": 0}
        assert_close(made[0].std(), deviation, f"standard deviation of {what}", **close)
        assert_equal(made[1], made[0], f"{what} with the same seed")
        if bool((made[2] == made[0]).any()) or torch.equal(made[0][0], made[0][1]):
            raise Mismatch(f"{what}: other layers and other seeds must have other numbers")


@weight(2)
@settings(max_examples=10)
@example(depth=4, seed=0, act="relu")
@example(depth=5, seed=1, act="sigmoid")
@given(depth=sides(), seed=seeds(), act=st.sampled_from(list(ACTIVATIONS)))
def check_profile(submission, depth, seed, act):
    """grad_profile: the norm of every layer's gradient, from the first layer to the last."""
    agrees(submission, depth, seed, act)


@weight(2)
@settings(max_examples=10)
@example(depth=4, seed=0, act="sigmoid")
@given(depth=sides(), seed=seeds(), act=st.sampled_from(["sigmoid", "tanh"]))
def check_norm(submission, depth, seed, act):
    """grad_profile with norm: columns are normalised over the batch before the activation."""
    agrees(submission, depth, seed, act, norm=True)


@weight(2)
@settings(max_examples=10)
@example(depth=4, seed=0, act="tanh")
@given(depth=sides(), seed=seeds(), act=st.sampled_from(list(ACTIVATIONS)))
def check_residual(submission, depth, seed, act):
    """grad_profile with residual: every layer adds its input, alone and together with norm."""
    agrees(submission, depth, seed, act, residual=True)
    if act != "relu":
        agrees(submission, depth, seed, act, norm=True, residual=True)


@weight(2)
def check_deep_profiles(submission, record, seed):
    """grad_profile: at depth 20 in float32, small and huge gradients are right too."""
    series = {}
    for name in NAMES[:6]:
        act, init, *options = name.split()
        args = deep(init, seed)
        expected = profile_of(*args, act, **flags(options))
        got = submission.grad_profile(*args, act, **flags(options))
        assert_close(got, expected, f"the profile of {name}", rtol=1e-2, atol=1e-30)
        points = zip(range(1, DEPTH + 1), got.clamp(min=1e-30).log10().tolist(), strict=True)
        series[name] = tuple((float(layer), value) for layer, value in points)
    record.curve(
        title="Gradients of 20 layers",
        x_label="layer",
        y_label="log10 of the norm",
        series=series,
        levels={},
    )
    got = submission.grad_profile(*deep("unit", seed), "relu")
    got = assert_tensor(got, "the profile of relu unit", shape=(DEPTH,), finite=False)
    if bool(got.isfinite().all()):
        raise Mismatch("the profile of relu unit is finite; inf and nan stay what they are")


def check_fate(submission):
    """fate: by the first layer's norm; inf or nan anywhere explode."""
    cases = {
        "explodes": ([math.nan, 1.0], [1.0, math.inf], [1.0, math.nan], [101.0, 1.0]),
        "vanishes": ([0.0, 0.0], [1e-7, 1.0], [1e-7, 1e-7]),
        "steady": ([1.0, 1.0], [1.0, 1e-8], [99.0, 1e5], [1e-5, 1.0], [1e-5, 1e-12]),
    }
    for right, profiles in cases.items():
        for profile in profiles:
            said = submission.fate(torch.tensor(profile))
            if said != right:
                shown = said if isinstance(said, str) else describe(said)
                raise Mismatch(f"fate of {profile}: {shown}, expected {right}")


@pytest.mark.parametrize("name", NAMES)
def check_conclusion(submission, name):
    """CONCLUSIONS says what a network with {name} does, as the grader measures it."""
    said = submission.value("CONCLUSIONS")
    said = said.get(name) if isinstance(said, dict) else None
    if said not in ("vanishes", "explodes", "steady"):
        raise Mismatch(f"CONCLUSIONS[{name!r}]: expected vanishes, explodes or steady")
    act, init, *options = name.split()
    measured = {truth(profile_of(*deep(init, seed), act, **flags(options))) for seed in range(3)}
    if measured != {said}:
        message = f"CONCLUSIONS[{name!r}] is {said!r}, and three networks of ours say otherwise"
        raise Mismatch(message, next_step="measure it at depth 20 and width 64 with your functions")


def truth(profile):
    if not profile.isfinite().all() or profile[0] > 100:
        return "explodes"
    return "vanishes" if profile[0] < 1e-6 else "steady"


def check_keeps_arguments(submission):
    """grad_profile changes no argument, and answers the same when asked again."""
    weights, x, target = small(3, 0)
    first, after, _ = submission.grad_profile.keeping(weights, x, target, "tanh", residual=True)
    for before, now in zip([*weights, x, target], [*after[0], *after[1:3]], strict=True):
        assert_equal(now, before, "an argument after grad_profile")
    again = submission.grad_profile(weights, x, target, "tanh", residual=True)
    assert_close(again, assert_tensor(first, "the profile", shape=(3,)), "the profile, asked again")


def check_unknown_init(submission):
    """An unknown init raises a ValueError that names `init`."""
    with assert_raises("make_weights(2, 3, 'zeros', 0)", naming="init"):
        submission.make_weights(2, 3, "zeros", 0)
