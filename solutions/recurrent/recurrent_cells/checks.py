import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from grader.oracle import (
    Mismatch,
    assert_causal,
    assert_close,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)
from grader.oracle.values import describe

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
DTYPES = st.sampled_from([torch.float64, torch.float64, torch.float32])


def strided(x):
    """The same values, laid out in memory as a transpose."""
    return x.mT.contiguous().mT


def arguments(kind, I, H, B=3, seed=0, dtype=torch.float64):
    """All arguments of a cell after x: states, weights and biases, none of them zero."""
    G = GATES[kind] * H
    states = [(B, H)] * (2 if kind == "lstm" else 1)
    shapes = [*states, (G, I), (G, H), (G,), (G,)]
    drawn = [randn(*shape, seed=seed + i, dtype=dtype) for i, shape in enumerate(shapes)]
    return tuple(strided(each) if each.ndim == 2 else each for each in drawn)


def truth(kind, x, *args):
    """What torch's layer with these weights returns: out, h, and c for an LSTM."""
    *states, W_ih, W_hh, b_ih, b_hh = args
    layer = LAYERS[kind](W_ih.shape[1], W_hh.shape[1], batch_first=True).to(x.dtype)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    weights = dict(zip(names, (W_ih, W_hh, b_ih, b_hh), strict=True))
    states = [each[None].contiguous() for each in states]
    start = tuple(states) if kind == "lstm" else states[0]
    out, last = torch.func.functional_call(layer, weights, (x, start))
    return out, *(each[0] for each in (last if kind == "lstm" else [last]))


def named(kind):
    """What a cell returns, for messages."""
    return [f"{part} of {kind}" for part in ("out", "h", "c")][: 3 if kind == "lstm" else 2]


def agrees(submission, kind, B, T, I, H, seed, dtype):
    x = strided(randn(B, T, I, seed=seed + 50, dtype=dtype))
    args = arguments(kind, I, H, B, seed, dtype)
    expected = [each.detach() for each in truth(kind, x, *args)]
    got = unpack(getattr(submission, kind)(x, *args), len(expected), kind)
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype is torch.float32 else {}
    for what, mine, right in zip(named(kind), got, expected, strict=True):
        assert_close(mine, right, f"{what}, x {tuple(x.shape)}", **close)


SIZES = {
    "B": sides(1, 3),
    "T": sides(1, 7),
    "I": sides(1, 4),
    "H": sides(1, 5),
    "seed": seeds(),
    "dtype": DTYPES,
}


@weight(2)
@example(B=2, T=5, I=3, H=4, seed=0, dtype=torch.float64)
@example(B=3, T=1, I=4, H=2, seed=1, dtype=torch.float32)
@given(**SIZES)
@settings(max_examples=12)
def check_rnn(submission, B, T, I, H, seed, dtype):
    """rnn: out and h equal those of nn.RNN with the same weights, from any h0."""
    agrees(submission, "rnn", B, T, I, H, seed, dtype)


@weight(3)
@example(B=2, T=5, I=3, H=4, seed=0, dtype=torch.float64)
@example(B=3, T=1, I=4, H=2, seed=1, dtype=torch.float32)
@given(**SIZES)
@settings(max_examples=12)
def check_lstm(submission, B, T, I, H, seed, dtype):
    """lstm: out, h and c equal those of nn.LSTM with the same weights, from any h0 and c0."""
    agrees(submission, "lstm", B, T, I, H, seed, dtype)


@weight(3)
@example(B=2, T=5, I=3, H=4, seed=0, dtype=torch.float64)
@example(B=3, T=1, I=4, H=2, seed=1, dtype=torch.float32)
@given(**SIZES)
@settings(max_examples=12)
def check_gru(submission, B, T, I, H, seed, dtype):
    """gru: out and h equal those of nn.GRU with the same weights, from any h0."""
    agrees(submission, "gru", B, T, I, H, seed, dtype)


@weight(2)
def check_gradients(submission):
    """All cells: the gradients of all arguments equal torch's, through six steps."""
    for kind in GATES:
        args = (randn(2, 6, 3, seed=40), *arguments(kind, 3, 4, B=2))
        leaves = [each.clone().requires_grad_() for each in args]
        outs = truth(kind, *leaves)
        cotangents = tuple(randn(*out.shape, seed=60 + i) for i, out in enumerate(outs))
        total = sum((out * c).sum() for out, c in zip(outs, cotangents, strict=True))
        expected = torch.autograd.grad(total, leaves)
        got = getattr(submission, kind).vjp(*args, cotangent=cotangents)
        names = ["x", "h0", *(["c0"] if kind == "lstm" else []), "W_ih", "W_hh", "b_ih", "b_hh"]
        for i, (name, gradient) in enumerate(zip(names, expected, strict=True)):
            what = f"gradient of {kind} by {name}"
            assert_close(got.inputs.get(i), gradient, what, rtol=1e-8, atol=1e-9)


@weight(2)
@example(kind="lstm", B=2, T=4, I=3, H=2, seed=0)
@example(kind="gru", B=1, T=5, I=2, H=3, seed=1)
@given(
    kind=st.sampled_from(list(GATES)),
    B=sides(1, 3),
    T=sides(1, 6),
    I=sides(1, 4),
    H=sides(1, 4),
    seed=seeds(),
)
@settings(max_examples=12)
def check_bidirectional(submission, kind, B, T, I, H, seed):
    """bidirectional: one half reads forwards, the other backwards, and both stand at their step."""
    x = strided(randn(B, T, I, seed=seed + 50))
    ahead, back = (arguments(kind, I, H, B, seed + more) for more in (0, 20))
    expected = truth(kind, x, *ahead)[0], truth(kind, x.flip(1), *back)[0].flip(1)
    got = submission.bidirectional(kind, x, ahead, back)
    what = f'bidirectional("{kind}", x {tuple(x.shape)})'
    assert_close(got, torch.cat(expected, -1).detach(), what)


def check_sees_one_side_only(submission):
    """No cell sees later steps, and the second half of bidirectional sees no earlier ones."""
    x, changed = randn(2, 5, 3, seed=1), 3 * randn(2, 5, 3, seed=2) + 1
    for kind in GATES:
        args = arguments(kind, 3, 4, B=2)

        def out(x, kind=kind, args=args):
            returned = getattr(submission, kind)(x, *args)
            return unpack(returned, len(named(kind)), kind)[0]

        def back(x, kind=kind, args=args):
            got = submission.bidirectional(kind, x.flip(1), args, args)
            return assert_tensor(got, "bidirectional", shape=(2, 5, 8))[..., 4:].flip(1)

        assert_causal(out, x, changed, f"out of {kind}", atol=1e-12)
        assert_causal(back, x, changed, f"{kind}, read backwards", atol=1e-12)


def check_open_gate_remembers(submission):
    """lstm: with the forget gate open and the input gate shut, c is the same after 200 steps."""
    h0, c0, W_ih, W_hh, b_ih, b_hh = arguments("lstm", 3, 4, B=2)
    b_ih = torch.cat([torch.full((4,), -60.0), torch.full((4,), 60.0), b_ih[8:]]).double()
    x = randn(2, 200, 3, seed=1)
    got = submission.lstm(x, h0, c0, 0.1 * W_ih, 0.1 * W_hh, b_ih, b_hh)
    assert_close(unpack(got, 3, "lstm")[2], c0, "c after 200 steps")


@example(H=3, value=1.0, seed=0)
@given(H=sides(1, 5), value=st.sampled_from([0.0, 1.0, 3.0, -2.0]), seed=seeds())
@settings(max_examples=8)
def check_forget_bias(submission, H, value, seed):
    """set_forget_bias: the two forget biases add up to the value, and all others stay."""
    b_ih, b_hh = randn(4 * H, seed=seed), randn(4 * H, seed=seed + 1)
    forget = slice(H, 2 * H)
    expected = b_ih.clone(), b_hh.clone()
    expected[0][forget], expected[1][forget] = value, 0
    got = unpack(submission.set_forget_bias(b_ih, b_hh, value), 2, "set_forget_bias")
    for name, mine, right in zip(("b_ih", "b_hh"), got, expected, strict=True):
        assert_close(mine, right, f"{name} of set_forget_bias(.., {value:g})")


def check_counts(submission):
    """n_parameters: the numbers of torch's layers, which stand as 1 : 4 : 3."""
    for kind, layer in LAYERS.items():
        for I, H in ((3, 5), (7, 2), (1, 1)):
            right = sum(p.numel() for p in layer(I, H).parameters())
            said = submission.n_parameters(kind, I, H)
            if type(said) is not int or said != right:
                what = f'n_parameters("{kind}", {I}, {H}): returned {describe(said)}'
                raise Mismatch(f"{what}, expected {right}")


def check_refuses_unknown_kinds(submission):
    """bidirectional and n_parameters refuse a kind that is none of the three."""
    args = arguments("rnn", 3, 4)
    with assert_raises('bidirectional("transformer", ..)', naming="kind"):
        submission.bidirectional("transformer", randn(3, 2, 3, seed=1), args, args)
    with assert_raises('n_parameters("transformer", 3, 4)', naming="kind"):
        submission.n_parameters("transformer", 3, 4)


def check_keeps_inputs(submission):
    """The arguments are the same after the call as before."""
    x = randn(3, 4, 3, seed=1)
    for kind in GATES:
        assert_keeps_inputs(getattr(submission, kind), x, *arguments(kind, 3, 4))
    biases = randn(8, seed=1), randn(8, seed=2)
    assert_keeps_inputs(submission.set_forget_bias, *biases, 1.0)
