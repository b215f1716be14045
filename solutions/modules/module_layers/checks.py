import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

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
    weight,
)

LEADS = st.lists(sides(1, 4), max_size=2).map(tuple)
DTYPES = st.sampled_from([torch.float64, torch.float32])
IDS = torch.tensor([[3, 1, 3], [0, 3, 2]])


def bold(layer, seed=0, dtype=torch.float64):
    """The same layer of torch with weights of standard deviation 1, and unequal buffers."""
    layer = layer.to(dtype)
    state = {}
    for i, (name, value) in enumerate(layer.state_dict().items()):
        state[name] = value
        if value.is_floating_point():
            drawn = randn(*value.shape, seed=seed + i, dtype=dtype)
            state[name] = drawn.abs() + 1 if name.endswith("running_var") else drawn
    layer.load_state_dict(state)
    return layer


def loaded(mine, layer):
    """The submission's layer in the dtype of torch's, with the weights of torch's."""
    if next(layer.parameters()).dtype is torch.float64:
        mine.double()
    mine.load_state_dict({name: value.clone() for name, value in layer.state_dict().items()})
    return mine


class Layers(nn.Module):
    """torch's MLP, with the names of the exercise."""

    def __init__(self, in_dim, hidden, out_dim, dropout=0.0):
        super().__init__()
        layers, width = [], in_dim
        for each in hidden:
            layers += [nn.Linear(width, each), nn.BatchNorm1d(each), nn.ReLU(), nn.Dropout(dropout)]
            width = each
        self.layers = nn.Sequential(*layers, nn.Linear(width, out_dim))

    def forward(self, x):
        return self.layers(x)


class TwoLayers(nn.Module):
    def __init__(self, in_dim, hidden, out_dim):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(in_dim, hidden), nn.Linear(hidden, out_dim)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())


def gradients(layer, x, cotangent):
    """Those of torch: by `x` (None for ids) and by every parameter."""
    layer.zero_grad()
    x = x.detach().clone().requires_grad_(x.is_floating_point())
    (layer(x) * cotangent).sum().backward()
    return x.grad, {name: p.grad for name, p in layer.named_parameters()}


def assert_gradients(mine, layer, x, what, seed=0):
    """The gradients of <layer(x), cotangent> equal those of torch's layer."""
    cotangent = randn(*layer(x).shape, seed=seed + 7).to(next(layer.parameters()).dtype)
    by_x, by_parameter = gradients(layer, x, cotangent)
    got = mine.vjp(x, cotangent=cotangent)
    found = {"x": got.inputs.get(0), **got.parameters}
    wanted = by_parameter if by_x is None else {"x": by_x, **by_parameter}
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if cotangent.dtype is torch.float32 else {}
    for name, expected in wanted.items():
        assert_close(found.get(name), expected, f"gradient of {what} by {name}", **tolerance)


@weight(2)
@example(lead=(2, 5), i=3, o=4, bias=True, dtype=torch.float64, seed=0)
@example(lead=(), i=3, o=3, bias=False, dtype=torch.float32, seed=0)
@given(lead=LEADS, i=sides(), o=sides(), bias=st.booleans(), dtype=DTYPES, seed=seeds())
@settings(max_examples=20)
def check_linear(submission, lead, i, o, bias, dtype, seed):
    """MyLinear: with nn.Linear's weights, output and gradients equal nn.Linear's."""
    layer = bold(nn.Linear(i, o, bias), seed, dtype)
    mine = loaded(submission.MyLinear(i, o, bias), layer)
    x = randn(*lead, i, seed=seed + 5, dtype=dtype)
    x = x.mT.contiguous().mT if lead else x
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype is torch.float32 else {}
    assert_close(mine(x), layer(x).detach(), "MyLinear(x)", **tolerance)
    assert_gradients(mine, layer, x, "MyLinear", seed)


def assert_registered(module, expected, what):
    """Parameters by name and shape, and a state_dict with these names."""
    layer = bold(expected) if list(expected.parameters()) else expected
    wanted = {name: (tuple(p.shape), torch.float32) for name, p in layer.named_parameters()}
    got = {p.name: (p.shape, p.dtype) for p in module.parameters() if p.requires_grad}
    for name in [each for each in wanted if each not in got]:
        raise Mismatch(
            f"{what}: no parameter `{name}`; the parameters are {', '.join(got) or 'none'}",
            next_step="make each tensor an nn.Parameter, and each child an attribute or part of an "
            "nn.Sequential or nn.ModuleList, in __init__, under the names of the stub",
        )
    for name in [each for each in got if each not in wanted]:
        raise Mismatch(f"{what}: an unexpected parameter `{name}`")
    for name, (shape, _) in wanted.items():
        if got[name] != (shape, torch.float32):
            raise Mismatch(
                f"{what}: {name} has shape {got[name][0]} and dtype {got[name][1]}, "
                f"expected {shape} and torch.float32"
            )
    state = module.state_dict()
    if not isinstance(state, dict) or set(state) != set(layer.state_dict()):
        names = sorted(map(str, state)) if isinstance(state, dict) else []
        names, right = ", ".join(names) or "nothing", ", ".join(sorted(layer.state_dict()))
        raise Mismatch(f"{what}: the state_dict holds {names}, expected {right or 'nothing'}")


@weight(2)
def check_registered(submission):
    """Parameters exist from the start, with the right names and shapes, also those of children."""
    for what, module, expected in (
        ("MyLinear(3, 5)", submission.MyLinear(3, 5), nn.Linear(3, 5)),
        ("MyLinear(3, 5, False)", submission.MyLinear(3, 5, False), nn.Linear(3, 5, bias=False)),
        ("MyEmbedding(7, 3)", submission.MyEmbedding(7, 3), nn.Embedding(7, 3)),
        ("MyDropout(0.2)", submission.MyDropout(0.2), nn.Dropout(0.2)),
        ("TwoLayerMLP(3, 5, 2)", submission.TwoLayerMLP(3, 5, 2), TwoLayers(3, 5, 2)),
        ("MLP(3, [], 2)", submission.MLP(3, [], 2), Layers(3, [], 2)),
        ("MLP(3, [7, 5], 2)", submission.MLP(3, [7, 5], 2), Layers(3, [7, 5], 2)),
    ):
        assert_registered(module, expected, what)


def assert_moments(values, mean, std, what):
    """Mean and standard deviation within 6 sigma of what the distribution says."""
    n = values.numel()
    for name, got, wanted, bound in (
        ("mean", float(values.mean()), mean, 6 * std / math.sqrt(n)),
        ("standard deviation", float(values.std()), std, 6 * std / math.sqrt(n)),
    ):
        if not abs(got - wanted) <= bound:
            message = f"{what}: {name} {got:.4f}, expected {wanted:.4f}"
            raise Mismatch(message, error=abs(got - wanted), allowed=bound)


def check_initial_scale(submission):
    """Weights start in the stated distributions, and another layer starts with other numbers."""
    for i, o in ((100, 400), (4, 5000)):
        layer, bound = submission.MyLinear(i, o), 1 / math.sqrt(i)
        for name, shape in (("weight", (o, i)), ("bias", (o,))):
            values = assert_tensor(getattr(layer, name), name, shape=shape)
            if float(values.abs().max()) > bound * 1.0001:
                largest = float(values.abs().max())
                raise Mismatch(f"MyLinear({i}, {o}).{name}: {largest:.3f} is beyond {bound:.3f}")
            assert_moments(values, 0, bound / math.sqrt(3), f"MyLinear({i}, {o}).{name}")
    table = assert_tensor(submission.MyEmbedding(400, 50).weight, "weight", shape=(400, 50))
    assert_moments(table, 0, 1, "MyEmbedding(400, 50).weight")
    first, second = (assert_tensor(submission.MyLinear(3, 5).weight, "weight") for _ in range(2))
    if torch.equal(first, second):
        raise Mismatch("two MyLinear(3, 5) start with the same weights")


@example(lead=(2, 5), n=7, d=3, dtype=torch.float64, kind=torch.int64, seed=0)
@given(
    lead=LEADS,
    n=sides(),
    d=sides(),
    dtype=DTYPES,
    kind=st.sampled_from([torch.int64, torch.int32]),
    seed=seeds(),
)
@settings(max_examples=15)
def check_embedding(submission, lead, n, d, dtype, kind, seed):
    """MyEmbedding: ids of any shape read their rows."""
    layer = bold(nn.Embedding(n, d), seed, dtype)
    ids = torch.randint(n, lead, generator=generator(seed)).to(kind)
    mine = loaded(submission.MyEmbedding(n, d), layer)
    assert_equal(mine(ids), layer(ids).detach(), "MyEmbedding(ids)")


@weight(2)
def check_embedding_gradient(submission):
    """MyEmbedding: a row read twice gets both gradients, and the padding row none."""
    assert_gradients(
        loaded(submission.MyEmbedding(5, 3), bold(nn.Embedding(5, 3))),
        bold(nn.Embedding(5, 3)),
        IDS,
        "MyEmbedding(5, 3)",
    )
    for pad in (0, 3):
        mine, what = submission.MyEmbedding(5, 3, pad), f"MyEmbedding(5, 3, padding_idx={pad})"
        start = assert_tensor(mine.weight, "weight", shape=(5, 3))
        assert_equal(start[pad], torch.zeros(3), f"row {pad} of {what}")
        if bool((start.abs().sum(1) == 0).sum() != 1):
            raise Mismatch(f"{what}: other rows than row {pad} start as zeros", got=start)
        layer = bold(nn.Embedding(5, 3, padding_idx=pad))
        with torch.no_grad():
            layer.weight[pad] = 0
        mine = loaded(mine, layer)
        assert_close(mine(IDS), layer(IDS).detach(), f"{what}(ids)")
        assert_gradients(mine, layer, IDS, what)


@weight(2)
@pytest.mark.parametrize("p", [0.2, 0.8])
def check_dropout(submission, p):
    """MyDropout({p}): that share becomes 0, number by number; the others are divided by 1 - p."""
    layer, x = submission.MyDropout(p), randn(40, 50, seed=3).abs() + 0.5
    draws = []
    for dtype in (torch.float64, torch.float32):
        out = assert_tensor(layer(x.to(dtype)), "out", shape=(40, 50), dtype=dtype)
        kept = out != 0
        assert_close(out, (x * kept / (1 - p)).to(dtype), f"MyDropout({p})(x), where it is not 0")
        draws.append(kept)
    sigma = math.sqrt(p * (1 - p))
    for kept in draws:
        for where, groups in (
            ("", kept.flatten()[None]),
            (" of row", kept),
            (" of column", kept.T),
        ):
            shares = 1 - groups.double().mean(1)
            worst = int((shares - p).abs().argmax())
            if abs(float(shares[worst]) - p) > 6 * sigma / math.sqrt(groups.shape[1]):
                where = f"{where} {worst}" if where else ""
                message = f"MyDropout({p}): {float(shares[worst]):.3f} of the numbers{where} are 0"
                raise Mismatch(f"{message}, expected about {p}")
    if torch.equal(*draws):
        raise Mismatch(f"MyDropout({p}): two calls drop the same numbers")
    ones = torch.ones(40, 50).double()
    got = layer.vjp(x, cotangent=ones)
    out = assert_tensor(got.out, "out", shape=(40, 50))
    assert_close(got.inputs.get(0), (out != 0) * ones / (1 - p), f"gradient of MyDropout({p})")


def check_dropout_without_chance(submission):
    """MyDropout: p = 0 changes nothing, p = 1 gives zeros, and eval() leaves every bit alone."""
    x = randn(4, 5, seed=3)
    assert_equal(submission.MyDropout(0.0)(x), x, "MyDropout(0)(x)")
    zeros = torch.zeros(4, 5).double()
    got = submission.MyDropout(1.0).vjp(x, cotangent=torch.ones_like(x))
    assert_close(got.out, zeros, "MyDropout(1)(x)")
    assert_close(got.inputs.get(0), zeros, "gradient of MyDropout(1)")
    for p in (0.2, 0.8, 1.0):
        layer = submission.MyDropout(p)
        layer.eval()
        assert_equal(layer(x), x, f"MyDropout({p})(x) after eval()")


@given(x=tensors((4, 3), dtype=torch.float64), h=sides(), o=sides(), seed=seeds())
@example(x=randn(4, 3, seed=1), h=5, o=2, seed=0)
@settings(max_examples=12)
def check_two_layer_mlp(submission, x, h, o, seed):
    """TwoLayerMLP: output and gradients equal those of torch's Linear, ReLU, Linear."""
    layer = bold(TwoLayers(3, h, o), seed)
    mine = loaded(submission.TwoLayerMLP(3, h, o), layer)
    assert_close(mine(x), layer(x).detach(), "TwoLayerMLP(x)")
    assert_gradients(mine, layer, x, "TwoLayerMLP", seed)


@weight(2)
@pytest.mark.parametrize("hidden", [[], [5], [7, 5, 3]])
def check_mlp(submission, hidden):
    """MLP with hidden={hidden}: the layers stand in the stated order; nothing follows the last."""
    x = randn(6, 4, seed=1)
    for dropout in (0.0, 0.5):
        layer = bold(Layers(4, hidden, 2, dropout))
        mine = loaded(submission.MLP(4, hidden, 2, dropout=dropout), layer)
        mine.eval()
        layer.eval()
        assert_close(mine(x), layer(x).detach(), f"MLP(4, {hidden}, 2)(x) after eval()")
        if dropout == 0:
            mine.train()
            layer.train()
            assert_close(mine(x), layer(x).detach(), f"MLP(4, {hidden}, 2)(x) in training")
            assert_gradients(mine, layer, x, f"MLP(4, {hidden}, 2)")


def check_mlp_drops_in_training(submission):
    """MLP: `dropout` reaches each hidden layer, and train() and eval() switch all of them."""
    identity = {
        "weight": torch.eye(200),
        "bias": torch.zeros(200),
        "running_mean": torch.zeros(200),
        "running_var": torch.ones(200),
        "num_batches_tracked": torch.tensor(0),
    }
    x = randn(50, 200, seed=2, dtype=torch.float32)
    for hidden, options in (([200], {}), ([200, 200], {"dropout": 0.6})):
        layer = submission.MLP(200, hidden, 200, **options)
        state = {name: identity[name.split(".")[-1]] for name in layer.state_dict()}
        ones = {name for name in state if name.endswith("weight") and int(name.split(".")[1]) % 4}
        # A large shift of BatchNorm opens every ReLU: then zeros come from dropout alone.
        for name in ones:
            state[name] = torch.ones(200)
            state[name.replace("weight", "bias")] = torch.full((200,), 50.0)
        layer.load_state_dict(state)
        what = f"MLP(200, {hidden}, 200{', dropout=0.6' if options else ''})"
        out = assert_tensor(layer(x), what, shape=(50, 200))
        # The second BatchNorm lifts a dropped number again, so only the last dropout shows.
        rate = options.get("dropout", 0.3)
        share = float((out == 0).double().mean())
        if abs(share - rate) > 6 * math.sqrt(rate * (1 - rate) / out.numel()):
            raise Mismatch(
                f"{what}: in training {share:.3f} of the last hidden layer is 0, expected {rate}"
            )
        layer.eval()
        first, second = (assert_tensor(layer(x), what, shape=(50, 200)) for _ in range(2))
        assert_equal(second, first, f"{what} after eval(), called again")
        if bool((first == 0).any()):
            raise Mismatch(f"{what}: after eval() some of the last hidden layer is 0")


def check_count_params(submission):
    """count_params: children count, buffers do not, and frozen parameters only if asked."""
    for sizes in ((3, [], 2), (4, [7, 5], 3)):
        model, layer = submission.MLP(*sizes), Layers(*sizes)
        model.layers.requires_grad_(True)
        total = sum(p.numel() for p in layer.parameters())
        for trainable, expected in ((False, total), (True, total)):
            assert_count(submission, model, trainable, expected, f"MLP{sizes}")
    model = submission.TwoLayerMLP(3, 5, 2)
    model.fc1.requires_grad_(False)
    assert_count(submission, model, False, 32, "TwoLayerMLP(3, 5, 2)")
    assert_count(submission, model, True, 12, "TwoLayerMLP(3, 5, 2) with fc1 frozen")
    assert_count(submission, submission.MyDropout(0.5), False, 0, "MyDropout(0.5)")


def assert_count(submission, model, trainable, expected, what):
    got = submission.count_params(model, trainable_only=trainable)
    what = f"count_params({what}{', trainable_only=True' if trainable else ''})"
    if type(got) is not int or got != expected:
        raise Mismatch(f"{what}: got {got if type(got) is int else 'no int'}, expected {expected}")


def check_keeps_inputs(submission):
    """No layer changes its input."""
    x = randn(4, 3, seed=1, dtype=torch.float32)
    for layer in (
        submission.MyLinear(3, 5),
        submission.MyDropout(0.5),
        submission.TwoLayerMLP(3, 5, 2),
        submission.MLP(3, [5], 2),
    ):
        assert_keeps_inputs(layer, x, what=layer.label)
    assert_keeps_inputs(submission.MyEmbedding(5, 3, 3), IDS, what="MyEmbedding")


def check_refuses_bad_arguments(submission):
    """A p outside [0, 1], ids that are no integers, and ids out of range are refused."""
    for p in (-0.1, 1.1, math.nan):
        with assert_raises(f"MyDropout({p})", naming="p"):
            submission.MyDropout(p)
    for pad in (-1, 5):
        with assert_raises(f"MyEmbedding(5, 3, padding_idx={pad})", naming="padding_idx"):
            submission.MyEmbedding(5, 3, pad)
    layer = submission.MyEmbedding(5, 3)
    for ids in (torch.tensor([1.0]), torch.tensor([True, False, True, True, False])):
        with assert_raises(f"MyEmbedding with ids of {ids.dtype}", "TypeError", naming="ids"):
            layer(ids)
    for bad in (-1, 5):
        with assert_raises(f"MyEmbedding(5, 3) with id {bad}", "IndexError", naming="ids"):
            layer(torch.tensor([[0, bad]]))
