import torch
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
    randn,
    seeds,
    sides,
    weight,
)

LEADS = st.lists(sides(1, 4), max_size=2).map(tuple)
DTYPES = st.sampled_from([torch.float64, torch.float64, torch.float32])
# 0.003 squared is about eps: now its place matters.
SCALES = st.sampled_from([1.0, 0.003])
EPS = st.sampled_from([1e-5, 0.5])
FEATURES = 5
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def bold(layer, seed=0, dtype=torch.float64):
    """The same layer of torch with drawn weights and buffers, none of them what they start as."""
    layer = layer.to(dtype)
    state = layer.state_dict()
    for i, (name, value) in enumerate(state.items()):
        if value.is_floating_point():
            drawn = randn(*value.shape, seed=seed + i, dtype=dtype)
            state[name] = drawn.abs() + 0.5 if name == "running_var" else drawn
    layer.load_state_dict(state)
    return layer


def loaded(mine, layer, training=True):
    """The submission's layer in the state and dtype of torch's."""
    if layer.weight.dtype is torch.float64:
        mine.double()
    mine.load_state_dict({name: value.clone() for name, value in layer.state_dict().items()})
    mine.train(training)
    layer.train(training)
    return mine


def strided(x):
    """The same values, laid out in memory as a transpose."""
    return x.mT.contiguous().mT if x.ndim > 1 else x


def tolerance(dtype):
    return {"rtol": 1e-4, "atol": 1e-5} if dtype is torch.float32 else {}


def assert_gradients(mine, layer, x, what):
    """Gradients by x, weight and bias equal those of torch's layer."""
    cotangent = randn(*x.shape, seed=17, dtype=x.dtype)
    leaf = x.clone().requires_grad_()
    (layer(leaf) * cotangent).sum().backward()
    got = mine.vjp(x, cotangent=cotangent)
    found = {"x": got.inputs.get(0), **got.parameters}
    expected = {"x": leaf.grad, "weight": layer.weight.grad, "bias": layer.bias.grad}
    for name, gradient in expected.items():
        assert_close(found.get(name), gradient, f"gradient of {what} by {name}", atol=1e-9)


def batches(count, shape, dtype=torch.float64, seed=0):
    """Batches whose features have unlike means and spreads."""
    F = shape[1]
    level = randn(F, seed=seed + 50).view(-1, *[1] * (len(shape) - 2))
    spread = torch.linspace(0.5, 3, F, dtype=torch.float64).view_as(level)
    drawn = [randn(*shape, seed=seed + i) * spread + 2 * level for i in range(count)]
    return [strided(x).to(dtype) for x in drawn]


@weight(3)
@example(lead=(3,), shape=(4,), dtype=torch.float64, scale=1.0, eps=1e-5, seed=0)
@example(lead=(2, 3), shape=(4, 5), dtype=torch.float64, scale=0.003, eps=1e-5, seed=0)
@example(lead=(), shape=(5,), dtype=torch.float32, scale=1.0, eps=0.5, seed=0)
@given(
    lead=LEADS,
    shape=st.lists(sides(1, 5), min_size=1, max_size=2).map(tuple),
    dtype=DTYPES,
    scale=SCALES,
    eps=EPS,
    seed=seeds(),
)
@settings(max_examples=15)
def check_layernorm(submission, lead, shape, dtype, scale, eps, seed):
    """MyLayerNorm: the output equals that of nn.LayerNorm, over one or two last axes."""
    layer = bold(nn.LayerNorm(shape, eps=eps), seed, dtype)
    first = shape[0] if len(shape) == 1 else shape
    mine = submission.MyLayerNorm(first) if eps == 1e-5 else submission.MyLayerNorm(first, eps=eps)
    mine = loaded(mine, layer)
    x = strided(randn(*lead, *shape, seed=seed + 9) * scale).to(dtype)
    assert_close(mine(x), layer(x).detach(), f"MyLayerNorm({first})(x)", **tolerance(dtype))


@weight(2)
def check_layernorm_gradients(submission):
    """MyLayerNorm: the gradients by x, weight and bias equal torch's."""
    for shape, x in (((5,), randn(4, 5, seed=3)), ((3, 5), randn(2, 3, 5, seed=4))):
        for scale in (1.0, 0.003):
            layer = bold(nn.LayerNorm(shape))
            mine = loaded(submission.MyLayerNorm(shape), layer)
            assert_gradients(mine, layer, x * scale, f"MyLayerNorm({shape})")


def check_layernorm_knows_one_sample(submission):
    """MyLayerNorm: a sample gives the same bits whatever stands beside it, also after eval()."""
    mine = loaded(submission.MyLayerNorm(FEATURES), bold(nn.LayerNorm(FEATURES)))
    x = randn(4, FEATURES, seed=5)
    before = assert_tensor(mine(x), "MyLayerNorm(x)", shape=(4, FEATURES))
    for row in range(4):
        changed = x.clone()
        changed[row] = 3 * changed[row] + 7
        after = assert_tensor(mine(changed), "MyLayerNorm(x)", shape=(4, FEATURES))
        others = [i for i in range(4) if i != row]
        what = f"MyLayerNorm(x): the other rows, after row {row} of x changed"
        assert_equal(after[others], before[others], what)
    assert_close(mine(x[:1]), before[:1], "MyLayerNorm of one sample alone")
    mine.eval()
    assert_close(mine(x), before, "MyLayerNorm(x) after eval()")


@weight(3)
@example(shape=(6, 4), dtype=torch.float64, scale=1.0, eps=1e-5, seed=0)
@example(shape=(3, 5, 4), dtype=torch.float64, scale=0.003, eps=1e-5, seed=0)
@example(shape=(1, 3, 5), dtype=torch.float32, scale=1.0, eps=0.5, seed=0)
@given(
    shape=st.one_of(
        st.tuples(sides(2, 6), sides(1, 5)),
        st.tuples(sides(1, 4), sides(1, 5), sides(2, 5)),
    ),
    dtype=DTYPES,
    scale=SCALES,
    eps=EPS,
    seed=seeds(),
)
@settings(max_examples=15)
def check_batchnorm_training(submission, shape, dtype, scale, eps, seed):
    """MyBatchNorm1d, training: the output equals torch's, for (N, F) and (N, F, L)."""
    F = shape[1]
    layer = bold(nn.BatchNorm1d(F, eps=eps), seed, dtype)
    mine = submission.MyBatchNorm1d(F) if eps == 1e-5 else submission.MyBatchNorm1d(F, eps=eps)
    mine = loaded(mine, layer)
    (x,) = batches(1, shape, dtype, seed)
    x = x * scale
    assert_close(mine(x), layer(x).detach(), f"MyBatchNorm1d({F})(x)", **tolerance(dtype))


@weight(2)
def check_batchnorm_gradients(submission):
    """MyBatchNorm1d: gradients equal torch's, through mean and variance in training."""
    for shape in ((6, FEATURES), (3, FEATURES, 4)):
        for training in (True, False):
            layer = bold(nn.BatchNorm1d(FEATURES))
            mine = loaded(submission.MyBatchNorm1d(FEATURES), layer, training)
            (x,) = batches(1, shape)
            when = "in training" if training else "after eval()"
            assert_gradients(mine, layer, x, f"MyBatchNorm1d({FEATURES}) {when}")


@weight(3)
@example(shape=(6, 4), momentum=0.1, seed=0)
@example(shape=(2, 4, 3), momentum=0.3, seed=0)
@given(
    shape=st.one_of(st.tuples(sides(2, 6), sides(1, 4)), st.tuples(sides(1, 3), sides(), sides(2))),
    momentum=st.sampled_from([0.1, 0.3, 0.8]),
    seed=seeds(),
)
@settings(max_examples=6)
def check_running_statistics(submission, shape, momentum, seed):
    """MyBatchNorm1d: over ten batches the buffers follow torch's, after each of them."""
    F = shape[1]
    layer = nn.BatchNorm1d(F, momentum=momentum).double()
    mine = submission.MyBatchNorm1d(F, **({} if momentum == 0.1 else {"momentum": momentum}))
    mine.double()
    for step, x in enumerate(batches(10, shape, seed=seed), 1):
        mine(x)
        layer(x)
        for name in BUFFERS:
            what = f"{name} after {step} batch{'es' if step > 1 else ''}"
            assert_close(getattr(mine, name), getattr(layer, name), what)


@weight(2)
def check_batchnorm_evaluation(submission):
    """MyBatchNorm1d, after eval(): the buffers normalise, and no call changes them."""
    layer = bold(nn.BatchNorm1d(FEATURES))
    mine = loaded(submission.MyBatchNorm1d(FEATURES), layer, training=False)
    for shape in ((6, FEATURES), (3, FEATURES, 4), (1, FEATURES), (1, FEATURES, 1)):
        (x,) = batches(1, shape)
        assert_close(mine(x), layer(x).detach(), f"MyBatchNorm1d(x of {shape}) after eval()")
        for name in BUFFERS:
            assert_equal(getattr(mine, name), getattr(layer, name), f"{name} after eval()")
    (x,) = batches(1, (6, FEATURES))
    mine.train()
    layer.train()
    assert_close(mine(x), layer(x).detach(), "MyBatchNorm1d(x), in training again")


def check_large_offset(submission):
    """Both survive a mean of 10,000 beside a spread of 1 in float32."""
    x = (randn(64, FEATURES, seed=6) + 1e4).float()
    for name, layer in (
        ("MyLayerNorm", nn.LayerNorm(FEATURES)),
        ("MyBatchNorm1d", nn.BatchNorm1d(FEATURES)),
    ):
        expected = layer.double()(x.double()).detach().float()
        mine = getattr(submission, name)(FEATURES)
        assert_close(mine(x), expected, f"{name}(x) with x near 10,000", rtol=1e-2, atol=1e-2)


def check_state(submission):
    """Parameters and buffers: names, shapes, dtypes and first values; buffers are not trained."""
    for what, mine, layer in (
        ("MyLayerNorm(5)", submission.MyLayerNorm(5), nn.LayerNorm(5)),
        ("MyLayerNorm((2, 3))", submission.MyLayerNorm((2, 3)), nn.LayerNorm((2, 3))),
        ("MyBatchNorm1d(5)", submission.MyBatchNorm1d(5), nn.BatchNorm1d(5)),
    ):
        got = sorted(p.name for p in mine.parameters() if p.requires_grad)
        if got != ["bias", "weight"]:
            names = ", ".join(got) or "none"
            raise Mismatch(f"{what}: the parameters are {names}, expected bias, weight")
        state, expected = mine.state_dict(), layer.state_dict()
        if not isinstance(state, dict) or set(state) != set(expected):
            names = sorted(map(str, state)) if isinstance(state, dict) else []
            right = ", ".join(sorted(expected))
            raise Mismatch(f"{what}: the state_dict holds {', '.join(names)}, expected {right}")
        for name, value in expected.items():
            assert_equal(state[name], value, f"{name} of a new {what}")


def check_refuses_one_number(submission):
    """MyBatchNorm1d refuses one number per feature in training."""
    mine = submission.MyBatchNorm1d(FEATURES)
    for shape in ((1, FEATURES), (1, FEATURES, 1)):
        with assert_raises(f"MyBatchNorm1d, training, x of shape {shape}", naming="x"):
            mine(torch.ones(shape))


def check_keeps_inputs(submission):
    """Neither changes x."""
    x = randn(4, FEATURES, seed=1, dtype=torch.float32)
    assert_keeps_inputs(submission.MyLayerNorm(FEATURES), x, what="MyLayerNorm")
    for training in (True, False):
        mine = submission.MyBatchNorm1d(FEATURES)
        mine.train(training)
        assert_keeps_inputs(mine, x, what="MyBatchNorm1d")
