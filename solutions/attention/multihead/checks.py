import math
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from grader.oracle import (
    Mismatch,
    assert_batch_independent,
    assert_causal,
    assert_close,
    assert_keeps_inputs,
    assert_permutation_equivariant,
    assert_raises,
    assert_tensor,
    masks,
    randn,
    seeds,
    sides,
    tensors,
    weight,
)

LAYERS = ("W_q", "W_k", "W_v", "W_o")


class Case(NamedTuple):
    """An input (B, T, C), and a layer for it."""

    x: torch.Tensor
    heads: int
    state: dict
    """Weights of standard deviation 0.5: small ones hide mistakes."""

    @property
    def bias(self):
        return "W_q.bias" in self.state


def state_of(C, seed=0, bias=True, dtype=torch.float64):
    shapes = {"weight": (C, C), "bias": (C,)} if bias else {"weight": (C, C)}
    names = [(f"{layer}.{kind}", shape) for layer in LAYERS for kind, shape in shapes.items()]
    return {
        name: randn(*shape, seed=seed + i, dtype=dtype) / 2 for i, (name, shape) in enumerate(names)
    }


def fixed(B=2, T=5, heads=3, d=4, bias=True):
    """Three heads and five positions unless asked otherwise, always the same numbers."""
    return Case(randn(B, T, heads * d, seed=99), heads, state_of(heads * d, 0, bias))


@st.composite
def cases(draw):
    heads, d = draw(sides(1, 3)), draw(sides(1, 4))
    B, T, C = draw(sides(1, 3)), draw(sides(1, 5)), heads * d
    dtype = draw(st.sampled_from([torch.float64, torch.float64, torch.float32]))
    x = draw(tensors((B, T, C), dtype=dtype))
    return Case(x, heads, state_of(C, draw(seeds()), draw(st.booleans()), dtype))


@st.composite
def masked(draw):
    """A case, and a mask of one of the shapes that broadcast."""
    case = draw(cases())
    B, T, _ = case.x.shape
    shapes = [(T, T), (B, 1, T, T), (1, case.heads, T, T), (B, case.heads, T, T), (B, 1, 1, T)]
    shape = draw(st.sampled_from(shapes))
    return case, draw(masks(math.prod(shape[:-1]), T)).view(shape)


def build(submission, case, **options):
    """The submission's layer with the weights of the case."""
    C = case.x.shape[-1]
    layer = submission.MultiHeadAttention(C, case.heads, bias=case.bias, **options)
    layer = layer.to(case.x.dtype)
    layer.load_state_dict(case.state)
    return layer


def torch_layer(case):
    """torch's own layer in float64 with the weights of the case."""
    C = case.x.shape[-1]
    layer = nn.MultiheadAttention(C, case.heads, bias=case.bias, batch_first=True).double()
    for kind in ("weight", "bias") if case.bias else ("weight",):
        rows = [case.state[f"{name}.{kind}"] for name in LAYERS]
        getattr(layer, f"in_proj_{kind}").data = torch.cat(rows[:3]).double()
        getattr(layer.out_proj, kind).data = rows[3].double()
    return layer


def truth(case, mask=None, causal=False):
    """(out, weights) by torch's own layer."""
    B, T, _ = case.x.shape
    allowed = torch.ones(B, case.heads, T, T, dtype=torch.bool)
    if mask is not None:
        allowed = allowed & mask
    if causal:
        allowed = allowed.tril()
    x = case.x.double()
    with torch.no_grad():
        out, weights = torch_layer(case)(
            x, x, x, attn_mask=~allowed.flatten(0, 1), average_attn_weights=False
        )
    return out.to(case.x.dtype), weights.to(case.x.dtype)


def compare(layer, case, expected, *args, **options):
    """Call the layer: its output and its last_weights are as expected."""
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if case.x.dtype is torch.float32 else {}
    out, weights = layer(case.x, *args, **options), layer.last_weights
    assert_close(weights, expected[1], "last_weights", **tolerance)
    assert_close(out, expected[0], "layer(x)", **tolerance)


@pytest.mark.parametrize("bias", [True, False])
def check_parameters(submission, bias):
    """With bias={bias} the parameters are those of W_q, W_k, W_v and W_o, and nothing else."""
    layer = submission.MultiHeadAttention(12, 3, bias=bias)
    expected = {name: tuple(each.shape) for name, each in state_of(12, bias=bias).items()}
    found = {each.name: each.shape for each in layer.parameters() if each.requires_grad}
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name) != expected.get(name):
            got, wanted = found.get(name, "nothing"), expected.get(name, "nothing")
            raise Mismatch(f"parameter `{name}`: found {got}, expected {wanted}")
    extra = sorted(layer.state_dict().keys() - expected.keys())
    if extra:
        raise Mismatch(f"state_dict() also holds {', '.join(map(str, extra))}")


@weight(4)
@given(case=cases())
@example(case=fixed(1, 2, 2, 2))
@example(case=fixed())
@example(case=fixed(heads=1))
@example(case=fixed(T=1))
def check_matches_torch(submission, case):
    """With the same weights, output and last_weights equal those of nn.MultiheadAttention."""
    compare(build(submission, case), case, truth(case))


@given(case=cases())
@example(case=fixed(1, 2, 2, 2))
def check_rows_sum_to_one(submission, case):
    """In every head the weights of each query sum to 1 over the keys."""
    layer = build(submission, case)
    layer(case.x)
    B, T, _ = case.x.shape
    weights = assert_tensor(layer.last_weights, "last_weights", shape=(B, case.heads, T, T))
    ones = torch.ones(B, case.heads, T, dtype=weights.dtype)
    assert_close(weights.sum(-1), ones, "last_weights.sum(-1)", atol=1e-5)


@weight(3)
@given(pair=masked())
@example(pair=(fixed(2, 2, 2, 2), torch.tensor([[[[1, 0], [1, 1]]], [[[1, 1], [0, 1]]]]) > 0))
@example(pair=(fixed(1, 2, 2, 2), torch.tensor([[[[1, 0], [1, 1]], [[1, 1], [0, 1]]]]) > 0))
def check_mask(submission, pair):
    """A mask may differ between sequences and between heads, and broadcasts where it does not."""
    case, mask = pair
    compare(build(submission, case), case, truth(case, mask), mask)


@weight(2)
def check_nothing_to_read(submission):
    """A query that may read no key gives the bias of W_o, and no gradient becomes nan."""
    case = fixed()
    mask = torch.ones(5, 5, dtype=torch.bool)
    mask[2] = False
    layer = build(submission, case)
    out = assert_tensor(layer(case.x, mask), "layer(x, mask)", shape=tuple(case.x.shape))
    bias = case.state["W_o.bias"].expand(2, -1)
    assert_close(out[:, 2], bias, "layer(x, mask)[:, 2], a query without keys")
    weights = assert_tensor(layer.last_weights, "last_weights", shape=(2, 3, 5, 5))
    assert_close(weights[:, :, 2], torch.zeros(2, 3, 5).double(), "last_weights[:, :, 2]")
    gradients = layer.vjp(case.x, mask, cotangent=randn(2, 5, 12, seed=3))
    for name, gradient in {"x": gradients.inputs.get(0), **gradients.parameters}.items():
        assert_tensor(gradient, f"gradient of {name}")


@weight(2)
@given(pair=masked())
@example(pair=(fixed(1, 3, 2, 2), torch.ones(3, 3, dtype=torch.bool)))
def check_causal(submission, pair):
    """A causal query reads itself and the past; with a mask as well, both must allow it."""
    case, mask = pair
    mask = mask | torch.eye(case.x.shape[1], dtype=torch.bool)
    layer = build(submission, case)
    compare(layer, case, truth(case, causal=True), causal=True)
    compare(layer, case, truth(case, mask, causal=True), mask, causal=True)


@weight(2)
@given(case=cases(), seed=seeds())
@example(case=fixed(), seed=5)
def check_future_is_invisible(submission, case, seed):
    """Changing what comes after position t leaves causal outputs up to t equal to the bit."""
    layer = build(submission, case)
    changed = 3 * randn(*case.x.shape, seed=seed, dtype=case.x.dtype) + 1
    assert_causal(lambda x: layer(x, causal=True), case.x, changed, "layer(x, causal=True)")


@weight(2)
def check_heads_stay_apart(submission):
    """Before W_o, head i fills the columns i*d to (i+1)*d; silencing it zeroes only those."""
    for case in (fixed(), fixed(heads=2, d=3)):
        C, state = case.x.shape[-1], case.state
        state |= {"W_o.weight": torch.eye(C).double(), "W_o.bias": torch.zeros(C).double()}
        layer = build(submission, case)
        whole = assert_tensor(layer(case.x), "layer(x)", shape=tuple(case.x.shape))
        weights = assert_tensor(layer.last_weights, "last_weights", shape=(2, case.heads, 5, 5))
        v = F.linear(case.x, state["W_v.weight"], state["W_v.bias"])
        for head, columns in enumerate(torch.arange(C).chunk(case.heads)):
            expected = weights[:, head] @ v[..., columns]
            assert_close(whole[..., columns], expected, f"the columns of head {head}")
            values = ("W_v.weight", "W_v.bias")
            silent = {name: state[name].index_fill(0, columns, 0) for name in values}
            layer.load_state_dict(state | silent)
            expected = whole.index_fill(-1, columns, 0)
            assert_close(layer(case.x), expected, f"layer(x) without the values of head {head}")


@given(case=cases(), seed=seeds())
@example(case=fixed(), seed=1)
def check_is_blind_to_order(submission, case, seed):
    """Without a mask, shuffled positions give the same outputs, shuffled alike."""
    case = case._replace(x=case.x.double(), state={k: v.double() for k, v in case.state.items()})
    assert_permutation_equivariant(build(submission, case), case.x, "layer(x)", seed=seed)


@given(case=cases())
@example(case=fixed(3))
def check_batch_independent(submission, case):
    """Each sequence alone gives what it gives among the others."""
    case = case._replace(x=case.x.double(), state={k: v.double() for k, v in case.state.items()})
    assert_batch_independent(build(submission, case), case.x, "layer(x)")


@weight(3)
def check_gradients(submission):
    """The gradients of x and of all four projections agree with torch's layer."""
    case = fixed()
    x, cotangent = case.x.clone().requires_grad_(), randn(2, 5, 12, seed=3)
    layer = torch_layer(case)
    layer(x, x, x)[0].backward(cotangent)
    expected = {"x": x.grad}
    for kind in ("weight", "bias"):
        joined = getattr(layer, f"in_proj_{kind}").grad.chunk(3)
        rows = zip(LAYERS, (*joined, getattr(layer.out_proj, kind).grad), strict=True)
        expected |= {f"{name}.{kind}": gradient for name, gradient in rows}
    got = build(submission, case).vjp(case.x, cotangent=cotangent)
    found = {"x": got.inputs.get(0), **got.parameters}
    for name, gradient in expected.items():
        assert_close(found.get(name), gradient, f"gradient of {name}", rtol=1e-8, atol=1e-9)


@weight(2)
@pytest.mark.parametrize("dropout", [0.2, 0.8])
def check_dropout(submission, dropout):
    """In training, dropout of {dropout} acts on the weights, and last_weights shows the result."""
    case = fixed(4, 32, 3, 2)
    _, plain = truth(case)
    layer = build(submission, case, dropout=dropout).train()
    out, weights = layer(case.x), layer.last_weights
    weights = assert_tensor(weights, "last_weights", shape=tuple(plain.shape), dtype=plain.dtype)
    share = float((weights == 0).double().mean())
    bound = 6 * math.sqrt(dropout * (1 - dropout) / weights.numel())
    if abs(share - dropout) > bound:
        message = f"last_weights: {share:.3f} of them are zero, asked for {dropout}"
        raise Mismatch(message, error=abs(share - dropout), allowed=bound)
    scaled = torch.where(weights == 0, 0, plain / (1 - dropout))
    assert_close(weights, scaled, "last_weights after dropout")
    v = F.linear(case.x, case.state["W_v.weight"], case.state["W_v.bias"])
    mixed = (weights @ v.unflatten(-1, (3, 2)).transpose(1, 2)).transpose(1, 2).flatten(2)
    expected = F.linear(mixed, case.state["W_o.weight"], case.state["W_o.bias"])
    assert_close(out, expected, "layer(x), from last_weights")


def check_dropout_only_in_training(submission):
    """After eval() dropout does nothing."""
    case = fixed()
    layer = build(submission, case, dropout=0.8).eval()
    compare(layer, case, truth(case))


def check_keeps_inputs(submission):
    """x and the mask are the same after the call as before."""
    case = fixed(1, 3, 2, 2)
    mask = torch.ones(3, 3, dtype=torch.bool)
    assert_keeps_inputs(build(submission, case), case.x, mask, True, what="layer(x, mask, True)")


def check_refuses_uneven_heads(submission):
    """A width that the heads cannot share evenly is refused when the layer is made."""
    for C, heads in ((10, 3), (12, 5), (4, 8)):
        with assert_raises(f"MultiHeadAttention({C}, {heads})", naming="n_heads"):
            submission.MultiHeadAttention(C, heads)
