import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    randn,
    seeds,
    sides,
    tensors,
    unpack,
    weight,
)
from grader.oracle.values import describe

ACTIVATIONS = {
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
}
NAMES = st.sampled_from(list(ACTIVATIONS))
TABLE = torch.tensor([-3.0, -1.5, -0.75, -0.5, 0.0, 0.5, 1.0, 2.5]).double()
FAR = torch.tensor([-1000.0, -100.0, -37.5, 37.5, 100.0, 1000.0]).double()
POINTS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).double()
XOR = torch.tensor([0.0, 1.0, 1.0, 0.0]).double()
# From 0 to -800 an exp underflows: what looks at another slice's maximum divides 0 by 0.
ROWS = torch.tensor([[1.0, 2.0, 3.0], [-801.0, -799.0, -800.0], [1000.0, 0.0, -1000.0]]).double()
HIDDEN = torch.tensor([[-torch.inf, 1.0, 3.0], [-torch.inf, -torch.inf, -700.0]]).double()
# z - logsumexp(z) is a right way too, and loses some digits of z in float32.
LOOSE = {"rtol": 1e-4, "atol": 1e-4}


def number(value, what):
    """A float, or a tensor of one number."""
    if isinstance(value, torch.Tensor) and value.shape == () and value.is_floating_point():
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mismatch(f"{what}: {describe(value)}, expected a number")
    return float(value)


def slope(name, z):
    """What torch's autograd finds, in float64."""
    leaf = z.double().clone().requires_grad_()
    return torch.autograd.grad(ACTIVATIONS[name](leaf).sum(), leaf)[0]


@settings(max_examples=15)
@example(X=randn(5, 3, seed=0), name="tanh", b=2.0)
@example(X=torch.zeros(4, 3).double(), name="leaky_relu", b=0.0)
@given(X=tensors(min_ndim=2, max_ndim=2), name=NAMES, b=st.sampled_from([-1.5, 0.0, 2.0]))
def check_neuron(submission, X, name, b):
    """neuron: act(name, w . x + b) for each row; without b a neuron gives act(0) at the origin."""
    w = randn(X.shape[1], seed=1, dtype=X.dtype)
    expected = ACTIVATIONS[name](X @ w + b)
    atol = 1e-5 if X.dtype == torch.float32 else None
    assert_close(
        submission.neuron(X, w, b, name), expected, f"neuron(X, w, {b}, {name})", atol=atol
    )


@settings(max_examples=15)
@example(d=2, h=5, k=3, seed=0)
@example(d=3, h=3, k=3, seed=0)
@given(d=sides(), h=sides(), k=sides(), seed=seeds())
def check_collapse(submission, d, h, k, seed):
    """collapse: the one layer agrees with the two at every input."""
    W1, b1, W2, b2 = (randn(*s, seed=seed + i) for i, s in enumerate([(d, h), (h,), (k, h), (k,)]))
    W1 = W1.T  # a transposed view
    W, b = unpack(submission.collapse(W1, b1, W2, b2), 2, "collapse")
    assert_tensor(W, "W of collapse", shape=(k, d), dtype=torch.float64)
    assert_tensor(b, "b of collapse", shape=(k,), dtype=torch.float64)
    x = randn(7, d, seed=seed + 4)
    assert_close(x @ W.T + b, (x @ W1.T + b1) @ W2.T + b2, "W x + b of the collapsed layer")


def check_best_line(submission):
    """best_linear_xor: no line has a smaller squared error on the four points of xor."""
    w, b = unpack(submission.best_linear_xor(), 2, "best_linear_xor")
    w = assert_tensor(w, "w of best_linear_xor", shape=(2,)).double()
    says = POINTS @ w + number(b, "b of best_linear_xor")
    assert_close(says, torch.full((4,), 0.5).double(), "w . x + b at the four points", atol=1e-6)


@weight(2)
def check_xor_net(submission):
    """xor_net: with at most 4 hidden units it is within 0.1 of xor at all four points."""
    net = submission.xor_net()
    if not isinstance(net, dict) or set(net) != {"W1", "b1", "W2", "b2"}:
        raise Mismatch(f"xor_net: returned {describe(net)}, expected a dict of W1, b1, W2 and b2")
    W1 = assert_tensor(net["W1"], "W1 of xor_net")
    hidden = W1.shape[0] if W1.ndim else 0
    if not 1 <= hidden <= 4:
        raise Mismatch(f"xor_net: W1 has shape {tuple(W1.shape)}, expected 1 to 4 rows")
    shapes = {"W1": (hidden, 2), "b1": (hidden,), "W2": (1, hidden), "b2": (1,)}
    for key, shape in shapes.items():
        assert_tensor(net[key], f"{key} of xor_net", shape=shape)
    W1, b1, W2, b2 = (net[key].double() for key in shapes)
    outputs = ((POINTS @ W1.T + b1).clamp(min=0) @ W2.T + b2)[:, 0]
    assert_close(outputs, XOR, "the network's output at the four points", rtol=0, atol=0.1)


@weight(2)
@settings(max_examples=15)
@example(z=TABLE, name="gelu")
@example(z=TABLE, name="leaky_relu")
@given(z=tensors(scale=2.0), name=NAMES)
def check_act(submission, z, name):
    """act: all five agree with torch's, in either dtype."""
    expected = ACTIVATIONS[name](z.double()).to(z.dtype)
    assert_close(submission.act(name, z), expected, f"act({name!r}, z)")


@weight(2)
@settings(max_examples=15)
@example(z=TABLE, name="relu")
@example(z=TABLE, name="leaky_relu")
@example(z=TABLE, name="sigmoid")
@example(z=TABLE, name="tanh")
@example(z=TABLE, name="gelu")
@given(z=tensors(scale=2.0), name=NAMES)
def check_dact(submission, z, name):
    """dact: all five agree with torch's autograd, the kink at 0 included."""
    expected = slope(name, z).to(z.dtype)
    assert_close(submission.dact(name, z), expected, f"dact({name!r}, z)")


@weight(2)
def check_far_out(submission):
    """act and dact: right and finite at z = -1000 and 1000 too, in either dtype."""
    for dtype in (torch.float64, torch.float32):
        for name, torchs in ACTIVATIONS.items():
            z = FAR.to(dtype)
            at = f"({name!r}, z) for z up to 1000"
            assert_close(submission.act(name, z), torchs(FAR).to(dtype), f"act{at}")
            assert_close(submission.dact(name, z), slope(name, FAR).to(dtype), f"dact{at}")


def family(submission, z, dim):
    """The three functions against torch's in float64."""
    tolerance = LOOSE if z.dtype == torch.float32 else {}
    for name in ("softmax", "log_softmax", "logsumexp"):
        expected = getattr(torch, name)(z.double(), dim).to(z.dtype)
        got = getattr(submission, name)(z, dim)
        assert_close(got, expected, f"{name}(z, dim={dim})", **tolerance)


@weight(2)
@settings(max_examples=25)
@example(z=randn(2, 3, 5, seed=0), dim=1)
@example(z=randn(3, 5, seed=1), dim=0)
@example(z=randn(3, 5, seed=1), dim=-1)
@given(z=tensors(), dim=st.integers(-3, 2))
def check_softmax_family(submission, z, dim):
    """softmax, log_softmax and logsumexp agree with torch's, along every axis."""
    family(submission, z, max(-z.ndim, min(dim, z.ndim - 1)))


@weight(2)
def check_large_logits(submission):
    """softmax and kin: nothing overflows at 1000, nor where slices lie 800 apart."""
    for z in (ROWS, ROWS.float()):
        family(submission, z, 1)
        family(submission, z.T, 0)


def check_hidden_entries(submission):
    """Entries of -inf add nothing; where all are -inf, logsumexp is -inf."""
    family(submission, HIDDEN, 1)
    family(submission, HIDDEN.T, 0)
    z = torch.tensor([[-torch.inf, -torch.inf], [1.0, -torch.inf]]).double()
    expected = torch.tensor([-torch.inf, 1.0]).double()
    assert_close(submission.logsumexp(z, 1), expected, "logsumexp of a row of -inf")


def check_softmax_laws(submission):
    """softmax: slices sum to 1, adding 500 changes nothing, and permuting permutes."""
    z, order = randn(3, 7, seed=5) * 3, torch.tensor([4, 0, 6, 2, 1, 5, 3])
    p, q, r = submission.softmax.many([(each, 1) for each in (z, z + 500, z[:, order])])
    p = assert_tensor(p, "softmax(z, 1)", shape=(3, 7), dtype=z.dtype)
    assert_close(p.sum(1), torch.ones(3).double(), "the sums of softmax(z, 1)", atol=1e-12, rtol=0)
    assert_close(q, p, "softmax(z + 500, 1) against softmax(z, 1)")
    assert_close(r, p[:, order], "softmax of permuted entries")


def check_keeps_arguments(submission):
    """No function changes its arguments."""
    z, w = randn(3, 4, seed=0), randn(4, seed=1)
    for name in ACTIVATIONS:
        assert_keeps_inputs(submission.act, name, z)
        assert_keeps_inputs(submission.dact, name, z)
    assert_keeps_inputs(submission.neuron, z, w, 1.0, "relu")
    assert_keeps_inputs(submission.collapse, z, z[:, 0], z @ z.T, z[:, 1])
    for name in ("softmax", "log_softmax", "logsumexp"):
        assert_keeps_inputs(getattr(submission, name), z, 1)


def check_unknown_name(submission):
    """An unknown name raises a ValueError that quotes it."""
    for function in ("act", "dact"):
        with assert_raises(f"{function}('swish', z)", naming="swish"):
            getattr(submission, function)("swish", TABLE)
    with assert_raises("neuron(X, w, 0.0, 'swish')", naming="swish"):
        submission.neuron(POINTS, POINTS[3], 0.0, "swish")
