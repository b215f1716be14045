import math
import random

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import Mismatch, assert_equal, assert_raises, randn, seeds, weight

NAN, INF = float("nan"), float("inf")
X = randn(5, 6, seed=1, dtype=torch.float32)
TALL = torch.cat([X, -X])
"""Every column has numbers of both signs, and every row."""
MINUS = torch.cat([X, -X.abs()[:1] - 0.1])
"""The last row has negative numbers only."""
FAULTS = {
    "log of zero": ({"act": "relu", "log": "log"}, "log", TALL),
    "division by zero": ({"act": "relu", "one_over": "reciprocal"}, "one_over", TALL),
    "exp too large": ({"wide": "exp", "wider": "exp"}, "wider", 10 * TALL),
    "root below zero": ({"act": "tanh", "root": "sqrt"}, "root", TALL),
    "a row of -inf": ({"scores": "tanh", "att": "masked_softmax"}, "att", MINUS),
    "half too large": ({"act": "relu", "small": "half"}, "small", 1e5 * TALL),
}
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@weight(2)
@pytest.mark.parametrize("what", FAULTS)
def check_where_it_begins(submission, what):
    """first_nonfinite names the module where it begins: {what}."""
    plan, place, x = FAULTS[what]
    model = submission.build({**plan, "behind": "tanh", "after_it": "tanh"})
    says(submission.first_nonfinite(model, x), place, f"first_nonfinite of {plan}")


@settings(max_examples=15)
@example(seed=0, before=2, behind=1)
@given(seed=seeds(), before=st.integers(0, 4), behind=st.integers(0, 4))
def check_nested(submission, seed, before, behind):
    """first_nonfinite gives the whole name, however deep it is, and looks into tuples."""
    chance = random.Random(seed)
    chain = [("tanh",) if chance.random() < 0.5 else ("both", "first") for _ in range(before)]
    chain += [(chance.choice(["log", "sqrt"]),), *[("tanh",)] * behind]
    kinds = [kind for part in chain for kind in part]
    bad = sum(map(len, chain[:before]))
    plan, names = nested(kinds, chance)
    got = submission.first_nonfinite(submission.build(plan), TALL)
    says(got, names[bad], f"first_nonfinite of {plan}")


def nested(kinds, chance, prefix=""):
    """A plan with these modules one after the other, in containers by chance, and their names."""
    plan, names, at = {}, [], 0
    while at < len(kinds):
        name = f"m{len(plan)}"
        count = chance.randint(2, 3) if chance.random() < 0.4 and len(kinds) - at > 3 else 1
        part = kinds[at : at + count]
        at += count
        if count == 1:
            plan[name] = part[0]
            names.append(prefix + name)
        else:
            plan[name], inner = nested(part, chance, f"{prefix}{name}.")
            names += inner
    return plan, names


def check_input_then_parameters(submission):
    """A bad x is "input", then comes the first bad parameter, with inf as with nan."""
    plan = {"body": {"fc": [6, 6], "out": [6, 2]}, "log": "log"}
    model = submission.build(plan)
    healthy = model.state_dict()
    for bad in (NAN, INF, -INF):
        x = TALL.clone()
        x[3, 2] = bad
        says(submission.first_nonfinite(model, x), "input", f"first_nonfinite, {bad} in x")
        broken = {name: value.clone() for name, value in healthy.items()}
        broken["body.fc.bias"][1] = broken["body.out.weight"][0, 3] = bad
        model.load_state_dict(broken)
        got = submission.first_nonfinite(model, TALL)
        says(got, "param:body.fc.bias", f"first_nonfinite, {bad} in two parameters")
        says(submission.first_nonfinite(model, x), "input", "first_nonfinite, both are bad")
        model.load_state_dict(healthy)


@weight(2)
def check_what_a_container_computes(submission):
    """A container is named for its own arithmetic only, and the model itself as "model"."""
    ratio = {"top": "relu", "bottom": {"act": "relu", "same": "relu"}, "out": "tanh"}
    model = submission.build({"head": {"ratio": ratio, "next": "tanh"}, "last": "tanh"})
    says(submission.first_nonfinite(model, TALL), "head.ratio", "first_nonfinite, 0 / 0")
    got = submission.first_nonfinite(submission.build(ratio), TALL)
    says(got, "model", "first_nonfinite, 0 / 0 in the model itself")
    inner = {"top": "tanh", "bottom": {"act": "relu", "log": "log"}, "out": "relu"}
    got = submission.first_nonfinite(submission.build({"ratio": inner}), TALL)
    says(got, "ratio.bottom.log", "first_nonfinite, the log of 0 below")


def check_healthy(submission):
    """A healthy model gives None: with integers, with a root whose gradient alone is bad."""
    ids = torch.tensor([[1, 2], [9, 0]])
    for plan, x in [
        ({"emb": "embedding", "fc": [6, 6], "act": "relu", "root": "sqrt"}, ids),
        ({"fc": [6, 600], "act": "relu", "out": [600, 2], "p": "exp"}, TALL),
        ({"all": "both"}, TALL),
    ]:
        got = submission.first_nonfinite(submission.build(plan), x)
        says(got, None, f"first_nonfinite of {plan}")


@weight(2)
def check_hooks(submission):
    """Nobody's hooks are more or fewer afterwards, also where the model raises."""
    plan = {"body": {"fc": [6, 4], "act": "relu"}, "out": [4, 2]}
    for name in ("first_nonfinite", "dead_relu"):
        model = submission.build(plan)
        places = ["", "body", "body.fc", "body.act", "out"]
        parts = {place: model.get_submodule(place) for place in places}
        calls = []
        parts["body.act"].register_forward_hook(lambda *_, calls=calls: calls.append(1))
        before = {place: hooks(submission, part) for place, part in parts.items()}
        instrument = getattr(submission, name)
        instrument(model, TALL)
        same(parts, before, submission, f"{name}(model, x)")
        if len(calls) != 1:
            raise Mismatch(f"{name}: a module ran {len(calls)} times, expected once")
        with assert_raises(f"{name} with x of 5 columns", "RuntimeError"):
            instrument(model, TALL[:, :5])
        same(parts, before, submission, f"{name}, where the model raised")


def hooks(submission, part):
    """How many hooks of each kind hang on a module; read in the box, for they cannot leave it."""
    ask = {"op": "get", "on": part}
    return {kind: len(submission.ask({**ask, "name": kind}, kind)["value"]) for kind in HOOKS}


def same(parts, before, submission, what):
    for place, part in parts.items():
        now = hooks(submission, part)
        if now != before[place]:
            more = sum(now.values()) - sum(before[place].values())
            raise Mismatch(f"{what}: {place or 'the model'} has {more:+} hooks afterwards")


def check_changes_nothing(submission):
    """Mode, parameters, buffers and gradients are as before; the mode decides what is found."""
    plan = {"fc": [6, 6], "norm": "batch_norm", "drop": "dropout", "act": "relu", "log": "log"}
    for training in (True, False):
        for name in ("first_nonfinite", "dead_relu"):
            model = submission.build({"some": plan})
            model.get_submodule("some.norm").train(False)
            model.get_submodule("some.norm").train(training)
            model.get_submodule("some.drop").train(not training)
            before = model.state_dict()
            getattr(submission, name)(model, TALL)
            for key, value in model.state_dict().items():
                assert_equal(value, before[key], f"{key} after {name}")
            modes = [model.get_submodule(f"some.{part}").training for part in ("norm", "drop")]
            if modes != [training, not training]:
                raise Mismatch(f"{name}: the training mode of a module is another one afterwards")
            given = [p for p in submission.grad_report(model).values() if not p["none"]]
            if given:
                raise Mismatch(f"{name}: a parameter has a gradient afterwards")
    only_in_training = submission.build({"act": "tanh", "drop": "dropout", "over": "reciprocal"})
    ones = torch.ones(20, 6)
    says(submission.first_nonfinite(only_in_training, ones), "over", "first_nonfinite in training")
    only_in_training.eval()
    says(submission.first_nonfinite(only_in_training, ones), None, "first_nonfinite after eval()")


@weight(2)
@settings(max_examples=15)
@example(seed=0, scale=1.0, dtype=torch.float16)
@given(
    seed=seeds(),
    scale=st.sampled_from([1e-6, 1e-2, 1.0, 1e2]),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.float16]),
)
def check_report(submission, seed, scale, dtype):
    """grad_report: norms and ratios of every parameter, without overflow in half precision."""
    model = submission.build({"a": [3, 5], "b": {"fc": [5, 7], "out": [7, 2]}})
    model = model.to(dtype)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    draw = {
        name: randn(*shape, seed=seed + i).to(dtype)
        for i, (name, shape) in enumerate(shapes.items())
    }
    draw["b.out.bias"] = torch.zeros(2, dtype=dtype)
    model.load_state_dict(draw)
    slopes = {name: 300 * scale * draw[name].flip(0) + scale for name in shapes if name != "a.bias"}
    submission.give_gradients(model, slopes)
    reports(submission, model, draw, slopes)


def check_report_of_bad_gradients(submission):
    """grad_report counts nan and inf, and works where no parameter has a gradient at all."""
    model = submission.build({"a": [3, 5], "out": [5, 2]})
    state = model.state_dict()
    slopes = {"a.weight": torch.ones(5, 3), "out.bias": torch.tensor([1.0, 2.0])}
    slopes["a.weight"][1, 1], slopes["a.weight"][2:4, 0] = NAN, -INF
    submission.give_gradients(model, slopes)
    reports(submission, model, state, slopes)
    submission.give_gradients(model, {})
    reports(submission, model, state, {})


def reports(submission, model, state, slopes):
    got = submission.grad_report(model)
    if not isinstance(got, dict) or list(got) != list(state):
        raise Mismatch(f"grad_report: the names are {list(got)}, expected {list(state)}")
    for name, value in state.items():
        slope = slopes.get(name)
        size = value.double().norm().item()
        norm = None if slope is None else slope.double().norm().item()
        expected = {
            "none": slope is None,
            "norm": norm,
            "nonfinite": 0 if slope is None else int((~slope.isfinite()).sum()),
            "ratio": norm / size if norm is not None and size else None,
        }
        row = got[name]
        if not isinstance(row, dict) or set(row) != set(expected):
            raise Mismatch(f'grad_report["{name}"]: expected the keys {list(expected)}')
        for key, right in expected.items():
            says(row[key], right, f'grad_report["{name}"]["{key}"]')


@weight(2)
@settings(max_examples=15)
@example(seed=0, n=4)
@given(seed=seeds(), n=st.integers(2, 6))
def check_dead_relu(submission, seed, n):
    """dead_relu: the share of units that are 0 for every example, of each ReLU by its name."""
    x = randn(n, 6, seed=seed, dtype=torch.float32)
    x[:, :2] = -x[:, :2].abs() - 0.01
    x[:, 2:] += 0.005  # no zeros of its own
    model = submission.build({"first": "relu", "body": {"act": "tanh", "rest": "relu"}})
    dead = (x <= 0).all(0).float().mean().item()
    got = submission.dead_relu(model, x)
    shares(got, {"first": dead, "body.rest": dead}, "dead_relu")
    images = x.reshape(n, 2, 3).clone()
    images[1:, 0, 0] = 1.0
    alone = (images <= 0).all(0).float().mean().item()
    shares(submission.dead_relu(submission.build("relu"), images), {"model": alone}, "dead_relu")
    shares(submission.dead_relu(submission.build("tanh"), x), {}, "dead_relu without a ReLU")


def shares(got, expected, what):
    if not isinstance(got, dict) or set(got) != set(expected):
        raise Mismatch(f"{what}: got {got}, expected the names {sorted(expected)}")
    for name, right in expected.items():
        says(got[name], right, f'{what}["{name}"]')


@weight(2)
def check_where_backward(submission):
    """where_backward names the operation whose backward pass gives nan; None where none does."""
    x = torch.tensor([-1.5, 0.0, 2.0])
    for kind, name in [
        ("sqrt", "SqrtBackward0"),
        ("distance", "PowBackward0"),
        ("where", "LogBackward0"),
        ("division", "DivBackward0"),
        ("tanh", None),
    ]:
        says(submission.where_backward(submission.loss_of(kind, x)), name, f'loss_of("{kind}", x)')


def check_where_backward_is_quiet(submission):
    """where_backward hands other errors on, and leaves anomaly detection as it was."""
    x = torch.tensor([-1.0, 0.0, 2.0])
    for kind in ("shapes", "no_graph"):
        with assert_raises(f'where_backward of loss_of("{kind}", x)', "RuntimeError"):
            submission.where_backward(submission.loss_of(kind, x))
    for kind in ("sqrt", "tanh"):
        submission.where_backward(submission.loss_of(kind, x))
        model = submission.build("sqrt")
        try:  # nan gradients raise here, as long as anomaly detection is on
            model.vjp(torch.zeros(2), cotangent=torch.tensor([0.0, 1.0]))
        except Exception as error:
            if "returned nan" in str(error):
                raise Mismatch("where_backward leaves anomaly detection switched on") from None
            raise


def says(got, expected, what):
    """Equal; numbers nearly."""
    number = type(expected) is float and isinstance(got, float)
    near = number and (
        math.isclose(got, expected, rel_tol=1e-5) or (math.isnan(got) and math.isnan(expected))
    )
    kind = isinstance(expected, bool) and type(got) is not bool
    if kind or not (near or (not number and got == expected)):
        raise Mismatch(f"{what}: got {got!r}, expected {expected!r}")
