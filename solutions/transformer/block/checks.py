import math
from typing import NamedTuple

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_state_round_trip,
    assert_tensor,
    generator,
    masks,
    randn,
    seeds,
    sides,
    tensors,
    weight,
)

KINDS = ("Block", "PostBlock")
EPS = {"Block": 1e-5, "PostBlock": 1e-12}
FEW = settings(max_examples=12)


class Case(NamedTuple):
    """An input (B, T, C), a mask or None, and weights of standard deviation 0.5."""

    x: torch.Tensor
    mask: torch.Tensor | None = None
    heads: int = 3
    ff: int = 20
    seed: int = 0

    @property
    def weights(self):
        """By layer, as torch's own block calls them: weights are (out, in)."""
        C, dtype = self.x.shape[-1], self.x.dtype
        layers = {
            "self_attn.in_proj_": (3 * C, C),
            "self_attn.out_proj.": (C, C),
            "linear1.": (self.ff, C),
            "linear2.": (C, self.ff),
        }
        found = {}
        for i, (name, (rows, columns)) in enumerate(layers.items()):
            found[f"{name}weight"] = randn(rows, columns, seed=self.seed + i, dtype=dtype) / 2
            found[f"{name}bias"] = randn(rows, seed=self.seed + 10 + i, dtype=dtype) / 2
        for i, name in enumerate(("norm1.", "norm2.")):
            found[f"{name}weight"] = 1 + randn(C, seed=self.seed + 20 + i, dtype=dtype) / 2
            found[f"{name}bias"] = randn(C, seed=self.seed + 30 + i, dtype=dtype) / 2
        return found


def fixed(B=2, T=5, **options):
    return Case(randn(B, T, 12, seed=99), **options)


def causal(T=5):
    return torch.ones(T, T, dtype=torch.bool).tril()


def sparse():
    """Another mask for each sequence and each head."""
    mask = torch.rand(2, 3, 5, 5, generator=generator(7)) < 0.5
    return mask | torch.eye(5, dtype=torch.bool)


@st.composite
def cases(draw):
    heads, width, ff = draw(sides(1, 3)), draw(sides(1, 4)), draw(sides(1, 9))
    B, T = draw(sides(1, 3)), draw(sides(1, 5))
    dtype = draw(st.sampled_from([torch.float64, torch.float64, torch.float32]))
    x = draw(tensors((B, T, heads * width), dtype=dtype))
    mask = draw(masks(B * T, T)).view(B, 1, T, T) if draw(st.booleans()) else None
    return Case(x, mask, heads, ff, draw(seeds()))


def gpt2_state(weights):
    """The weights in GPT-2's names and layout, (in, out), with a buffer that old files hold."""
    names = {
        "ln_1.": "norm1.",
        "attn.c_attn.": "self_attn.in_proj_",
        "attn.c_proj.": "self_attn.out_proj.",
        "ln_2.": "norm2.",
        "mlp.c_fc.": "linear1.",
        "mlp.c_proj.": "linear2.",
    }
    state = {"attn.bias": torch.ones(1, 1, 16, 16, dtype=torch.bool).tril()}
    for theirs, ours in names.items():
        matrix = weights[f"{ours}weight"]
        state[f"{theirs}weight"] = matrix.mT.contiguous() if matrix.ndim == 2 else matrix
        state[f"{theirs}bias"] = weights[f"{ours}bias"]
    return state


def bert_state(weights):
    """The weights in BERT's names; q, k and v apart."""
    names = {
        "attention.output.dense.": "self_attn.out_proj.",
        "attention.output.LayerNorm.": "norm1.",
        "intermediate.dense.": "linear1.",
        "output.dense.": "linear2.",
        "output.LayerNorm.": "norm2.",
    }
    state = {}
    for kind in ("weight", "bias"):
        state |= {f"{theirs}{kind}": weights[f"{ours}{kind}"] for theirs, ours in names.items()}
        parts = weights[f"self_attn.in_proj_{kind}"].chunk(3)
        for name, part in zip(("query", "key", "value"), parts, strict=True):
            state[f"attention.self.{name}.{kind}"] = part.clone()
    return state


def build(submission, kind, case, weights=None, dropout=0.0):
    """The submission's block with the weights of the case, in eval mode."""
    C, weights = case.x.shape[-1], weights or case.weights
    block = getattr(submission, kind)(C, case.heads, case.ff, dropout)
    block.to(case.x.dtype)
    block.eval()
    if kind == "Block":
        submission.load_gpt2_block(block, gpt2_state(weights))
    else:
        submission.load_bert_layer(block, bert_state(weights))
    return block


def torch_block(kind, case, weights=None):
    """torch's own block in float64; in training mode, since eval takes a short cut."""
    C = case.x.shape[-1]
    layer = nn.TransformerEncoderLayer(
        C,
        case.heads,
        case.ff,
        dropout=0.0,
        activation="gelu",
        layer_norm_eps=EPS[kind],
        batch_first=True,
        norm_first=kind == "Block",
        dtype=torch.float64,
    )
    layer.load_state_dict({k: v.double() for k, v in (weights or case.weights).items()})
    return layer


def truth(kind, case, weights=None):
    B, T, _ = case.x.shape
    hidden = None
    if case.mask is not None:
        hidden = ~case.mask.expand(B, case.heads, T, T).flatten(0, 1)
    with torch.no_grad():
        out = torch_block(kind, case, weights)(case.x.double(), src_mask=hidden)
    return out.to(case.x.dtype)


def compare(submission, kind, case, weights=None):
    loose = {"rtol": 1e-4, "atol": 1e-4} if case.x.dtype is torch.float32 else {}
    expected = truth(kind, case, weights)
    block = build(submission, kind, case, weights)
    got = block(case.x) if case.mask is None else block(case.x, case.mask)
    assert_close(got, expected, f"{kind}(x)", **loose)


@weight(4)
@given(case=cases())
@example(case=Case(randn(1, 2, 2, seed=1), heads=1, ff=3))
@example(case=fixed())
@example(case=fixed(mask=causal()))
@example(case=fixed(mask=sparse()))
@FEW
def check_block_matches_torch(submission, case):
    """Block: with the same weights it equals torch's pre-norm layer, masked or not."""
    compare(submission, "Block", case)


@weight(4)
@given(case=cases())
@example(case=Case(randn(1, 2, 2, seed=1), heads=1, ff=3))
@example(case=fixed())
@example(case=fixed(mask=causal()))
@example(case=fixed(mask=sparse()))
@FEW
def check_post_block_matches_torch(submission, case):
    """PostBlock: with the same weights it equals torch's post-norm layer, masked or not."""
    compare(submission, "PostBlock", case)


@pytest.fixture(scope="module")
def hugging_face():
    """GPT2Block and BertLayer with normal weights of standard deviation 0.5, in float32."""
    from transformers import BertConfig, GPT2Config
    from transformers.models.bert.modeling_bert import BertLayer
    from transformers.models.gpt2.modeling_gpt2 import GPT2Block

    options = {"attn_implementation": "eager"}
    gpt2 = GPT2Config(n_embd=12, n_head=3, n_inner=20, activation_function="gelu", **options)
    bert = BertConfig(
        hidden_size=12, num_attention_heads=3, intermediate_size=20, hidden_act="gelu", **options
    )
    layers = {"Block": GPT2Block(gpt2, layer_idx=0), "PostBlock": BertLayer(bert)}
    for layer in layers.values():
        for i, parameter in enumerate(layer.eval().parameters()):
            parameter.data = randn(*parameter.shape, seed=50 + i, dtype=torch.float32) / 2
    return layers


@weight(3)
@pytest.mark.parametrize("kind", KINDS)
def check_equals_hugging_face(submission, hugging_face, kind):
    """{kind}: with weights loaded from Hugging Face it gives the numbers of their layer."""
    layer, case = hugging_face[kind], fixed(mask=causal() if kind == "Block" else sparse())
    case = case._replace(x=case.x.float())
    added = torch.zeros(2, 3, 5, 5).masked_fill(~case.mask, torch.finfo(torch.float32).min)
    with torch.no_grad():
        expected = layer(case.x, attention_mask=added)
    # Older versions return a tuple.
    expected = expected[0] if isinstance(expected, tuple) else expected
    block = getattr(submission, kind)(12, 3, 20)
    block.eval()
    state = {name: each.detach().clone() for name, each in layer.state_dict().items()}
    load = submission.load_gpt2_block if kind == "Block" else submission.load_bert_layer
    load(block, state)
    assert_close(block(case.x, case.mask), expected, f"{kind}(x, mask)", rtol=1e-4, atol=1e-5)


def silent(case, *layers):
    """The case's weights with these layers at zero."""
    return {
        name: torch.zeros_like(each) if name.startswith(layers) else each
        for name, each in case.weights.items()
    }


@weight(2)
def check_silent_branches_leave_the_stream(submission):
    """Block: with the last layer of both branches at zero, x comes out equal to the bit."""
    case = fixed()
    block = build(submission, "Block", case, silent(case, "self_attn.out_proj", "linear2"))
    assert_equal(block(case.x), case.x, "Block(x) with silent branches")
    cotangent = randn(*case.x.shape, seed=3)
    got = block.vjp(case.x, cotangent=cotangent)
    assert_equal(got.inputs.get(0), cotangent, "gradient of x with silent branches")


@weight(2)
@pytest.mark.parametrize("kind", KINDS)
def check_small_inputs(submission, kind):
    """{kind}: inputs of a ten-thousandth come out right, so the norms have the right eps."""
    case = fixed()
    case = case._replace(x=case.x * 1e-4)
    compare(submission, kind, case, silent(case, "self_attn.out_proj"))


@weight(2)
@pytest.mark.parametrize("kind", KINDS)
def check_gradient(submission, kind):
    """{kind}: the gradient of x agrees with torch's layer, and every parameter has one."""
    case = fixed()
    x, cotangent = case.x.clone().requires_grad_(), randn(*case.x.shape, seed=3)
    torch_block(kind, case)(x).backward(cotangent)
    got = build(submission, kind, case).vjp(case.x, cotangent=cotangent)
    assert_close(got.inputs.get(0), x.grad, "gradient of x", rtol=1e-7, atol=1e-8)
    without = sorted(name for name, each in got.parameters.items() if each is None)
    if without:
        raise Mismatch(f"{kind}: no gradient reaches {', '.join(without)}")


@weight(2)
@pytest.mark.parametrize("dropout", [0.2, 0.8])
@pytest.mark.parametrize("branch", ["attention", "feed-forward"])
def check_dropout(submission, branch, dropout):
    """Block: in training, dropout of {dropout} acts on what the {branch} branch returns."""
    case = Case(randn(8, 40, 12, seed=1))
    other = "linear2" if branch == "attention" else "self_attn.out_proj"
    block = build(submission, "Block", case, silent(case, other), dropout)
    what = f"the {branch} branch"
    plain = assert_tensor(block(case.x), what, shape=tuple(case.x.shape)) - case.x
    block.train()
    added = assert_tensor(block(case.x), what, shape=tuple(case.x.shape)) - case.x
    dropped = added.abs() < 1e-12
    expected = torch.where(dropped, 0.0, plain / (1 - dropout))
    step = "x = x + dropout(branch): the stream itself has no holes"
    assert_close(added, expected, f"{what}, as it is added", rtol=1e-6, atol=1e-9, next_step=step)
    share_is(dropped, dropout, what)


def share_is(dropped, dropout, what):
    """The share of zeros is as asked, within six standard errors."""
    share = float(dropped.double().mean())
    bound = 6 * math.sqrt(dropout * (1 - dropout) / dropped.numel())
    if abs(share - dropout) > bound:
        message = f"{what}: {share:.3f} of it is dropped, asked for {dropout}"
        raise Mismatch(message, error=abs(share - dropout), allowed=bound)


@pytest.mark.parametrize("kind", KINDS)
def check_dropout_only_in_training(submission, kind):
    """{kind}: two calls differ in training and with the default dropout, and agree after eval()."""
    x = randn(4, 10, 12, seed=1, dtype=torch.float32)
    block = getattr(submission, kind)(12, 3, 20)
    first, second = (assert_tensor(block(x), f"{kind}(x)", shape=(4, 10, 12)) for _ in range(2))
    if torch.equal(first, second):
        raise Mismatch(f"{kind}(x): in training two calls agree, but dropout is 0.1")
    block.eval()
    assert_equal(block(x), block(x), f"{kind}(x) after eval(), asked again")


@pytest.mark.parametrize("kind", KINDS)
def check_parameters(submission, kind):
    """{kind}: it has the parameters of its layers, no more and no fewer, all in its state."""
    block = getattr(submission, kind)(12, 3, 20)
    count = sum(math.prod(each.shape) for each in block.parameters() if each.requires_grad)
    expected = 4 * 12 * 12 + 2 * 12 * 20 + 5 * 12 + 20 + 2 * 2 * 12
    if count != expected:
        message = f"{kind}(12, 3, 20): {count} trainable parameters, expected {expected}"
        step = "four projections, two layers and two LayerNorms, all with bias"
        raise Mismatch(message, next_step=step)
    x = randn(2, 5, 12, seed=1, dtype=torch.float32)
    assert_state_round_trip(lambda: getattr(submission, kind)(12, 3, 20), x, kind)


@pytest.mark.parametrize("kind", KINDS)
def check_keeps_inputs(submission, kind):
    """{kind}: x and the mask are the same after the call as before."""
    case = fixed()
    assert_keeps_inputs(build(submission, kind, case), case.x, causal(), what=f"{kind}(x, mask)")
