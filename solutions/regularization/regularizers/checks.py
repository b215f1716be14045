import math

import pytest
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
    sides,
    tensors,
    unpack,
    weight,
)
from grader.oracle.values import describe

NOT_KEPT = "p is the probability of dropping a value, not of keeping it"
PS = [0.2, 0.8, 0.5, 0.0]
DROPOUTS = ["inverted_dropout", "classic_dropout"]


def kept_value(name, x, p):
    """What a value that is kept becomes, in training and outside."""
    return (x / (1 - p), x) if name == "inverted_dropout" else (x, x * (1 - p))


def is_text(value):
    return isinstance(value, str)


def nowhere_zero(x):
    return torch.where(x == 0, 0.5, x)


def dropped(submission, name, x, p, source):
    """Output in training, and where it is 0. x is nowhere 0."""
    out = getattr(submission, name)(x, p, True, source)
    out = assert_tensor(out, f"{name} in training", shape=tuple(x.shape), dtype=x.dtype)
    return out, out == 0


@weight(2)
@settings(max_examples=12)
@example(x=randn(3, 5, seed=1), p=0.2, seed=1)
@example(x=randn(3, 5, seed=1), p=0.8, seed=1)
@given(x=tensors(min_ndim=1), p=st.sampled_from(PS), seed=seeds())
@pytest.mark.parametrize("name", DROPOUTS)
def check_values(submission, name, x, p, seed):
    """{name}: in training each value is dropped or rescaled, outside as the stub says."""
    x = nowhere_zero(x)
    kept, outside = kept_value(name, x, p)
    got = getattr(submission, name)(x, p, False, generator(seed))
    assert_close(got, outside, f"{name} outside training, p={p}")
    out, zero = dropped(submission, name, x, p, generator(seed))
    assert_close(out, torch.where(zero & (p > 0), 0, kept), f"{name} in training, p={p}")


@weight(2)
@pytest.mark.parametrize("name", DROPOUTS)
def check_share_and_mean(submission, name):
    """{name}: a share p is dropped, value by value, and training has the mean of evaluation."""
    x = nowhere_zero(randn(250, 400, seed=7)) + 5
    for p in (0.2, 0.8):
        out, zero = dropped(submission, name, x, p, generator(11))
        for what, share, n in (
            ("of all values", zero.double().mean(), zero.numel()),
            ("of one row", zero.double().mean(1), 400),
            ("of one column", zero.double().mean(0), 250),
        ):
            bound = 6 * math.sqrt(p * (1 - p) / n)
            far = float(share.flatten()[(share - p).abs().argmax()])
            if abs(far - p) > bound:
                message = f"{name}, p={p}: dropped {far:.3f} {what}, expected about {p}"
                step = NOT_KEPT if abs(far - (1 - p)) <= bound else ""
                raise Mismatch(message, error=abs(far - p), allowed=bound, next_step=step)
        expected = kept_value(name, x, p)[1].mean()
        bound = 6 * float(out.std()) / math.sqrt(out.numel())
        what = f"mean of {name} in training, p={p}"
        assert_close(out.mean(), expected, what, rtol=0, atol=bound)


@pytest.mark.parametrize("name", DROPOUTS)
def check_generator_draws(submission, name):
    """{name}: the same seed drops the same values, another seed others; None is legal too."""
    x = nowhere_zero(randn(10, 20, seed=3))
    sources = generator(901), generator(901), generator(902), None
    first, again, *others = (dropped(submission, name, x, 0.5, each)[1] for each in sources)
    assert_equal(again, first, f"{name}: what is dropped, drawn again with the same seed")
    for other, what in zip(others, ("another seed", "no generator"), strict=True):
        if torch.equal(other, first):
            raise Mismatch(f"{name}: {what} drops the same values as seed 901")


@settings(max_examples=8)
@given(x=tensors(min_ndim=2, dtype=torch.float64), p=st.sampled_from([0.2, 0.8]), seed=seeds())
@pytest.mark.parametrize("name", DROPOUTS)
def check_gradient(submission, name, x, p, seed):
    """{name}: the gradient takes the way of the values: 0 where dropped, scaled where kept."""
    x = nowhere_zero(x)
    cotangent = nowhere_zero(randn(*x.shape, seed=seed))
    dropout = getattr(submission, name)
    kept, outside = kept_value(name, cotangent, p)
    back = dropout.vjp(x, p, True, generator(seed), cotangent=cotangent)
    out = assert_tensor(back.out, f"{name} in training", shape=tuple(x.shape), dtype=x.dtype)
    expected = torch.where(out == 0, 0, kept)
    assert_close(back.inputs.get(0), expected, f"gradient of {name} in training")
    back = dropout.vjp(x, p, False, None, cotangent=cotangent)
    assert_close(back.inputs.get(0), outside, f"gradient of {name} outside training")


class Truth:
    """Early stopping by looking at all that happened so far."""

    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.patience, self.min_delta, self.sign = patience, min_delta, 1 if mode == "min" else -1
        self.best, self.step, self.values = self.sign * math.inf, None, []

    def update(self, value):
        self.values.append(value)
        # True for no nan.
        if self.sign * (self.best - value) > self.min_delta:
            self.best, self.step = value, len(self.values) - 1
        last = -1 if self.step is None else self.step
        return len(self.values) - 1 - last >= self.patience


def follow(submission, values, *args, **kwargs):
    """Every update answers right, and best, best_step and best_state are right in the end."""
    stopper, truth = submission.EarlyStopping(*args, **kwargs), Truth(*args, **kwargs)
    shown = ", ".join(f"{value:g}" for value in values)
    call = f"EarlyStopping({', '.join(map(repr, args))}) after {shown}"
    updates = [(value, {"w": torch.tensor([float(i), 1.0])}) for i, value in enumerate(values)]
    for i, got in enumerate(stopper.update.many(updates)):
        expected = truth.update(values[i])
        if type(got) is not bool:
            raise Mismatch(f"EarlyStopping.update returned {describe(got)}, expected True or False")
        if got is not expected:
            raise Mismatch(f"{call}: update {i} returned {got}, expected {expected}")
    for name, right in (("best", truth.best), ("best_step", truth.step)):
        mine = getattr(stopper, name)
        if type(mine) not in (int, float, type(None)) or mine != right:
            raise Mismatch(f"{call}: {name} is {describe(mine)}, expected {right}")
    state = stopper.best_state
    if truth.step is None:
        if state is not None:
            raise Mismatch(f"{call}: best_state is set although nothing improved, expected None")
        return
    if not isinstance(state, dict) or set(state) != {"w"}:
        raise Mismatch(f"{call}: best_state is {describe(state)}, expected a dict with the key w")
    expected = torch.tensor([float(truth.step), 1.0])
    assert_equal(state["w"], expected, f"{call}: best_state['w']")


VALUES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 2.0, -1.0]), min_size=1, max_size=9)


@weight(2)
@example(values=[1.0, 0.5, 0.75, 0.75, 0.25, 0.5, 0.5], patience=2)
@example(values=[1.0, 0.5, 0.5], patience=1)
@example(values=[1.0, 1.5, 0.5, 1.0, 1.0, 1.0], patience=3)  # bad ones must be in a row
@given(values=VALUES, patience=st.integers(1, 4))
def check_early_stopping(submission, values, patience):
    """EarlyStopping: it stops in time, and best, best_step and best_state are right."""
    follow(submission, values, patience)


@settings(max_examples=12)
@example(values=[2.0, 1.75, 1.5, 1.25], patience=5)  # 1.25 away from 2, but only by small steps
@example(values=[1.0, 0.5, 0.25], patience=2)  # an improvement by exactly min_delta
@given(values=VALUES, patience=st.integers(1, 4))
def check_min_delta(submission, values, patience):
    """EarlyStopping: an improvement exceeds min_delta, counted from the last improvement."""
    follow(submission, values, patience, 0.5)


@settings(max_examples=12)
@example(values=[0.5, 1.0, 0.75, 0.25], patience=2, min_delta=0.0)
@example(values=[0.5, 1.0, 1.25, 1.5], patience=4, min_delta=0.25)
@given(values=VALUES, patience=st.integers(1, 4), min_delta=st.sampled_from([0.0, 0.25]))
def check_mode_max(submission, values, patience, min_delta):
    """EarlyStopping: in mode "max" larger is better."""
    follow(submission, values, patience, min_delta, "max")


def check_nan_is_no_improvement(submission):
    """EarlyStopping: a nan counts as no improvement, be it the first value or a later one."""
    for mode in ("min", "max"):
        follow(submission, [1.0, math.nan, 1.5, math.nan, 0.5], 3, 0.0, mode)
        follow(submission, [math.nan, math.nan, 0.5, math.nan], 2, 0.0, mode)


@weight(2)
@settings(max_examples=12)
@example(steps=5, size=3, patience=2, seed=4)
@given(steps=sides(1, 8), size=sides(1, 4), patience=st.integers(1, 3), seed=seeds())
def check_fit_ends_with_the_best_weights(submission, steps, size, patience, seed):
    """fit: `w` holds the best weights afterwards, although later updates changed it in place."""
    draw = generator(seed)
    best = int(torch.randint(0, steps, (1,), generator=draw))
    values = [abs(i - best) + 0.5 for i in range(steps)]
    w, updates = randn(size, seed=seed), randn(steps, size, seed=seed + 1) + 10
    expected, walked = w + updates[: best + 1].sum(0), min(best + 1 + patience, steps)
    stopper = submission.EarlyStopping(patience)
    taken, after, _ = submission.fit.keeping(w, updates, values, stopper)
    state = stopper.best_state
    if taken != walked or type(taken) is not int:
        raise Mismatch(f"fit returned {describe(taken)}, expected {walked} updates of {steps}")
    kept = state.get("w") if isinstance(state, dict) else state
    assert_close(kept, expected, f"best_state['w'] after fit, best at update {best} of {taken}")
    assert_close(after[0], expected, f"w after fit, best at update {best} of {taken}")
    assert_equal(after[1], updates, "updates after fit")


NAMES = {
    "tok_emb.weight": (7, 4),
    "position_embedding.weight": (5, 4),
    "embedding.table.weight": (3, 4),
    "remember.weight": (4, 4),
    "embed_out.weight": (7, 4),
    "blocks.0.norm.weight": (4,),
    "blocks.0.norm.bias": (4,),
    "blocks.0.linear.weight": (3, 4),
    "blocks.0.linear.bias": (3,),
    "conv.weight": (2, 1, 3, 3),
    "bias_table.weight": (5, 5),
    "temperature": (),
}
DECAYING = {
    "remember.weight",
    "embed_out.weight",
    "blocks.0.linear.weight",
    "conv.weight",
    "bias_table.weight",
}


@weight(2)
@settings(max_examples=12)
@example(names=list(NAMES), wd=0.1, seed=0)
@example(names=["conv.weight"], wd=0.1, seed=0)
@example(names=["temperature"], wd=0.1, seed=0)
@given(
    names=st.lists(st.sampled_from(list(NAMES)), unique=True),
    wd=st.sampled_from([0.1, 0.5]),
    seed=seeds(),
)
def check_decay_groups(submission, names, wd, seed):
    """decay_groups: each parameter is in one group; only matrices and kernels decay."""
    named = [(name, randn(*NAMES[name], seed=seed + i)) for i, name in enumerate(names)]
    groups = unpack(submission.decay_groups(named, wd), 2, "decay_groups")
    for group, decays in zip(groups, (True, False), strict=True):
        what = "the group that decays" if decays else "the group that does not decay"
        expected = [name for name in names if (name in DECAYING) is decays]
        if not isinstance(group, dict) or set(group) != {"names", "params", "weight_decay"}:
            raise Mismatch(f"{what}: got {describe(group)}, expected names, params, weight_decay")
        if not isinstance(group["names"], list | tuple):
            raise Mismatch(f"{what}: names is {describe(group['names'])}, expected a list")
        if [each for each in group["names"] if is_text(each)] != expected:
            wrong = sorted(set(filter(is_text, group["names"])) ^ set(expected))
            message = f"{what}: names are not {', '.join(expected) or 'an empty list'}"
            raise Mismatch(f"{message}; look at {', '.join(wrong) or 'their order'}")
        if type(group["weight_decay"]) not in (int, float):
            raise Mismatch(
                f"{what}: weight_decay is {describe(group['weight_decay'])}, not a number"
            )
        if group["weight_decay"] != (wd if decays else 0.0):
            raise Mismatch(f"{what}: weight_decay {group['weight_decay']}, asked for {wd}")
        params = unpack(group["params"], len(expected), f"params of {what}")
        for name, param in zip(expected, params, strict=True):
            assert_equal(param, dict(named)[name], f"params of {what}: {name}")


@weight(2)
@settings(max_examples=12)
@example(a=randn(2, 3, seed=1), b=randn(4, seed=2), lam=0.25)
@given(a=tensors(), b=tensors(), lam=st.sampled_from([0.01, 0.25, 3.0]))
def check_l2_penalty(submission, a, b, lam):
    """l2_penalty: lam times the sum of squares, with the gradient 2 lam w."""
    b = b.to(a.dtype)
    total = (a.double() ** 2).sum() + (b.double() ** 2).sum()
    got = submission.l2_penalty.vjp(a, b, cotangent=torch.ones((), dtype=a.dtype), lam=lam)
    assert_close(got.out, (lam * total).to(a.dtype), f"l2_penalty(a, b, lam={lam})")
    for i, each in enumerate((a, b)):
        assert_close(got.inputs.get(i), 2 * lam * each, f"gradient of argument {i + 1}")


def check_keeps_inputs(submission):
    """Dropout, decay_groups and l2_penalty leave their arguments as they were."""
    x = nowhere_zero(randn(3, 4, seed=1))
    for name in DROPOUTS:
        for training in (True, False):
            assert_keeps_inputs(getattr(submission, name), x, 0.8, training, generator(2))
    assert_keeps_inputs(submission.l2_penalty, x, lam=0.5)


def check_refuses_bad_arguments(submission):
    """p outside [0, 1), a patience of 0, a negative min_delta and an unknown mode are refused."""
    x = randn(3, seed=1)
    for name in DROPOUTS:
        for p in (-0.1, 1.0, 1.5):
            for training in (True, False):
                with assert_raises(f"{name}(x, {p}, {training})", naming="p"):
                    getattr(submission, name)(x, p, training, None)
    for args, naming in (((0,), "patience"), ((2, -0.1), "min_delta"), ((2, 0.0, "up"), "mode")):
        with assert_raises(f"EarlyStopping{args}", naming=naming):
            submission.EarlyStopping(*args)
