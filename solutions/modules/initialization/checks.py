import math

import pytest
import torch

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_raises,
    assert_tensor,
    generator,
    unpack,
    weight,
)

SHAPES = [(400, 100), (100, 400), (64, 16, 5, 3), (50, 160, 5)]
FANS = {
    (4, 3): (3, 4),
    (3, 4): (4, 3),
    (8, 4, 3, 3): (36, 72),
    (5, 7, 3): (21, 15),
    (2, 3, 5, 7): (105, 70),
    (3, 2, 2, 3, 4): (48, 72),
}
KINDS = [
    ("relu", None),
    ("linear", None),
    ("tanh", None),
    ("leaky_relu", 0.5),
    ("leaky_relu", None),
]


def gain(nonlinearity, slope=None):
    slope = 0.01 if slope is None else slope
    squares = {"linear": 1, "tanh": 25 / 9, "relu": 2, "leaky_relu": 2 / (1 + slope**2)}
    return math.sqrt(squares[nonlinearity])


def fans(shape):
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def assert_number(got, expected, what):
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise Mismatch(f"{what}: returned {type(got).__name__}, expected a number")
    if not abs(got - expected) <= 1e-9 * abs(expected):
        raise Mismatch(f"{what}: got {got:.6g}, expected {expected:.6g}")


def fill(submission, name, shape, *args, dtype=torch.float32, seed=1, **kwargs):
    """What `name` leaves in a tensor w, which must be what it returns."""
    w = torch.full(shape, 7.0, dtype=dtype)
    remote = getattr(submission, name)
    returned, after, _ = remote.keeping(w, *args, generator=generator(seed), **kwargs)
    filled = assert_tensor(after[0], f"w after {name}", shape=shape, dtype=dtype)
    if bool((filled == 7).all()):
        raise Mismatch(f"{name} left w as it was; it fills w in place")
    assert_equal(returned, filled, f"what {name} returned")
    return filled


def assert_drawn(w, std, uniform, what):
    """Independent numbers with mean 0, this standard deviation, and the right kind."""
    w, n = w.double(), w.numel()
    bound = math.sqrt(3) * std
    # Fourth moments in units of std^4: 1.8 for uniform numbers, 3 for normal ones.
    spread = math.sqrt((0.8 if uniform else 2) / (4 * n))
    measured = float(w.std())
    if not abs(measured - std) <= 6 * spread * std:
        message = f"{what}: standard deviation {measured:.5f}, expected {std:.5f}"
        raise Mismatch(message, error=abs(measured - std), allowed=6 * spread * std)
    if not abs(float(w.mean())) <= 6 * std / math.sqrt(n):
        raise Mismatch(f"{what}: mean {float(w.mean()):.5f}, expected 0")
    largest = float(w.abs().max())
    if uniform != (largest <= bound * 1.0001):
        kind = "uniform" if uniform else "normal"
        raise Mismatch(f"{what}: the largest is {largest / std:.2f} std: not {kind} numbers")
    kurtosis = float((w / std).pow(4).mean())
    if not abs(kurtosis - (1.8 if uniform else 3)) <= 0.5:
        raise Mismatch(f"{what}: the numbers are neither uniform nor normal", got=w)
    if min(float(w.flatten(1).std(0).min()), float(w.flatten(1).std(1).min())) < 0.5 * std:
        raise Mismatch(f"{what}: a row or column repeats one number")


@weight(2)
def check_fans(submission):
    """fans: inputs per output and outputs per input, times the kernel's area."""
    for shape, expected in FANS.items():
        got = unpack(submission.fans(shape), 2, f"fans({shape})")
        for name, mine, right in zip(("fan_in", "fan_out"), got, expected, strict=True):
            assert_number(mine, right, f"{name} of {shape}")


def check_gain(submission):
    """gain: 1, 5/3, sqrt(2), and sqrt(2 / (1 + slope^2))."""
    for kind, slope in (*KINDS, ("relu", 0.5)):
        args = (kind,) if slope is None else (kind, slope)
        expected = gain(kind, slope)
        assert_number(submission.gain(*args), expected, f"gain{args}")


@weight(2)
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def check_xavier(submission, kind):
    """xavier_{kind}_: mean, standard deviation and kind of number, for unequal fans."""
    name = f"xavier_{kind}_"
    for shape in SHAPES:
        for factor in (1.0, 5 / 3):
            args = () if factor == 1 else (factor,)
            std = factor * math.sqrt(2 / sum(fans(shape)))
            w = fill(submission, name, shape, *args)
            assert_drawn(w, std, kind == "uniform", f"{name} on {shape}")


@weight(2)
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def check_kaiming(submission, kind):
    """kaiming_{kind}_: mean, standard deviation and kind of number, for every nonlinearity."""
    name = f"kaiming_{kind}_"
    for i, shape in enumerate(SHAPES):
        w = fill(submission, name, shape)
        std = math.sqrt(2 / fans(shape)[0])
        assert_drawn(w, std, kind == "uniform", f"{name} on {shape}")
        nonlinearity, slope = KINDS[i + 1]
        args = (nonlinearity,) if slope is None else (nonlinearity, slope)
        w = fill(submission, name, shape, *args)
        std = gain(nonlinearity, slope) / math.sqrt(fans(shape)[0])
        assert_drawn(
            w, std, kind == "uniform", f"{name} on {shape} for {', '.join(map(str, args))}"
        )


def check_generator(submission):
    """The seed decides all numbers, in float32 and float64; another seed gives others."""
    for name in ("xavier_normal_", "xavier_uniform_", "kaiming_normal_", "kaiming_uniform_"):
        for dtype in (torch.float32, torch.float64):
            first, again = (fill(submission, name, (5, 3), dtype=dtype) for _ in range(2))
            assert_equal(again, first, f"{name}, drawn again with the same seed")
        if torch.equal(first, fill(submission, name, (5, 3), dtype=dtype, seed=2)):
            raise Mismatch(f"{name}: two seeds give the same numbers")
        remote = getattr(submission, name)
        free = [assert_tensor(remote(torch.zeros(5, 3)), name) for _ in range(2)]
        if torch.equal(*free):
            raise Mismatch(f"{name} without a generator gives the same numbers twice")


@weight(2)
def check_init_mlp(submission):
    """init_mlp: He weights and zero biases in every nn.Linear; all else stays as it was."""
    model = submission.nested_model()
    before = model.state_dict()
    submission.init_mlp(model, generator(3))
    after = model.state_dict()
    linear = {"0.0.0": (400, 30), "0.1": (50, 400), "1": (7, 50)}
    for layer, shape in linear.items():
        w = assert_tensor(after.get(f"{layer}.weight"), f"{layer}.weight", shape=shape)
        std, n = math.sqrt(2 / shape[1]), w.numel()
        if not abs(float(w.std()) - std) <= 6 * std / math.sqrt(2 * n):
            raise Mismatch(
                f"{layer}.weight: standard deviation {float(w.std()):.4f}, expected {std:.4f}"
            )
        if layer != "0.1":
            assert_equal(after.get(f"{layer}.bias"), torch.zeros(shape[0]), f"{layer}.bias")
    own = {f"{layer}.{kind}" for layer in linear for kind in ("weight", "bias")}
    for name in [each for each in before if each not in own]:
        assert_equal(after.get(name), before[name], f"{name} after init_mlp")
    frozen = [p.name for p in model.parameters() if not p.requires_grad]
    if frozen or {p.name for p in model.parameters()} - before.keys():
        raise Mismatch(f"init_mlp: {frozen or 'a parameter'} is no longer trained")
    again = submission.nested_model()
    submission.init_mlp(again, generator(3))
    for name, value in again.state_dict().items():
        if name in own:
            assert_equal(value, after[name], f"{name}, drawn again with the same seed")


def profile(submission, depth, width, scheme, act, seed):
    what = f'activation_stds({depth}, {width}, "{scheme}", "{act}", {seed})'
    stds = submission.activation_stds(depth, width, scheme, act, seed)
    return assert_tensor(stds, what, shape=(depth,), dtype=torch.float32), what


GRID = torch.linspace(-8, 8, 4001, dtype=torch.float64)
NORMAL = torch.exp(-GRID.square() / 2)
NORMAL = NORMAL / NORMAL.sum()
ACTS = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda x: x}


def theory(depth, width, scheme, act):
    """What an infinitely wide network would show: z = x W^T is then normal in every layer."""
    variance = {"he": 2 / width, "xavier": 1 / width, "small": 1e-4, "large": 1.0}[scheme]
    squares, stds = 1.0, []
    for _ in range(depth):
        x = ACTS[act](GRID * math.sqrt(width * variance * squares))
        squares = float((NORMAL * x.square()).sum())
        stds.append(math.sqrt(squares - float((NORMAL * x).sum()) ** 2))
    return stds


@weight(2)
@pytest.mark.parametrize("act", list(ACTS))
def check_activation_stds(submission, act):
    """activation_stds with {act}: each scheme keeps, loses or blows up the scale as it must."""
    depth, width = 8, 256
    for scheme in ("he", "xavier", "small", "large"):
        stds, what = profile(submission, depth, width, scheme, act, 11)
        for layer, expected in enumerate(theory(depth, width, scheme, act)):
            got = float(stds[layer])
            # 6 sigma: the logarithm wanders by about 0.05 in each layer after the first.
            if not abs(math.log(max(got, 1e-30) / expected)) <= 0.05 + 0.3 * layer**0.5:
                message = f"{what}: {got:.3g} at [{layer}], expected about {expected:.3g}"
                raise Mismatch(message, got=stds, at=(layer,))


def check_depth_20(submission):
    """Through 20 ReLU layers He keeps the scale within [0.3, 3]; std 0.01 ends below 1e-20."""
    stds, what = profile(submission, 20, 512, "he", "relu", 1)
    if not 0.3 <= float(stds.min()) <= float(stds.max()) <= 3:
        raise Mismatch(f"{what}: from {float(stds.min()):.3g} to {float(stds.max()):.3g}")
    stds, what = profile(submission, 20, 64, "small", "relu", 1)
    if not 0 <= float(stds[-1]) < 1e-20:
        raise Mismatch(f"{what}: ends at {float(stds[-1]):.3g}, expected below 1e-20")


def check_activation_seed(submission):
    """activation_stds: the seed decides the numbers, and another seed gives others."""
    first, again, other = (
        profile(submission, 5, 32, "he", "relu", seed)[0] for seed in (901, 901, 902)
    )
    assert_equal(again, first, "activation_stds, run again with the same seed")
    if torch.equal(first, other):
        raise Mismatch("activation_stds: two seeds give the same numbers")


def check_refuses_bad_arguments(submission):
    """A shape of one axis and unknown names are refused."""
    for shape in ((5,), ()):
        with assert_raises(f"fans({shape})", naming="shape"):
            submission.fans(shape)
    with assert_raises('gain("gelu")', naming="nonlinearity"):
        submission.gain("gelu")
    with assert_raises('kaiming_normal_(w, "gelu")', naming="nonlinearity"):
        submission.kaiming_normal_(torch.zeros(3, 2), "gelu")
    with assert_raises('activation_stds with the scheme "zero"', naming="scheme"):
        submission.activation_stds(2, 3, "zero", "relu", 0)
    with assert_raises('activation_stds with the act "gelu"', naming="act"):
        submission.activation_stds(2, 3, "he", "gelu", 0)
