import math

import pytest
import torch
import torch.nn.functional as F
from transformers import BertConfig, GPT2Config, GPT2LMHeadModel
from transformers.models.bert.modeling_bert import BertLayer

from grader.oracle import Mismatch, assert_close, assert_equal, assert_tensor, generator, weight
from grader.oracle.values import describe

CONFIGS = [
    {"vocab_size": v, "block_size": t, "d_model": d, "n_heads": h, "n_layers": n, "tied": tied}
    for v, t, d, h, n, tied in ((37, 11, 12, 3, 2, True), (23, 7, 8, 2, 1, False),
                                (29, 13, 20, 4, 3, False))
]  # fmt: skip
LINEARS = {"att.qkv": (3, 1), "att.out": (1, 1), "mlp.0": (4, 1), "mlp.2": (1, 4)}


def block_of(d, g, spread):
    """The state of one block: rows and columns of each linear layer in multiples of d."""
    state = {}
    for name, (rows, columns) in LINEARS.items():
        state[f"{name}.weight"] = torch.randn(rows * d, columns * d, generator=g) * spread
        state[f"{name}.bias"] = torch.randn(rows * d, generator=g) * 0.3
    for name in ("ln1", "ln2"):
        state[f"{name}.weight"] = 1 + 0.3 * torch.randn(d, generator=g)
        state[f"{name}.bias"] = 0.3 * torch.randn(d, generator=g)
    return state


def state_of(cfg, seed):
    """Weights of the own GPT, so large that every one of them tells."""
    g, d = generator(seed), cfg["d_model"]
    state = {
        "tok.weight": torch.randn(cfg["vocab_size"], d, generator=g),
        "pos.weight": torch.randn(cfg["block_size"], d, generator=g),
        "ln.weight": 1 + 0.3 * torch.randn(d, generator=g),
        "ln.bias": 0.3 * torch.randn(d, generator=g),
    }
    for i in range(cfg["n_layers"]):
        block = block_of(d, g, 0.3)
        state |= {f"blocks.{i}.{name}": value for name, value in block.items()}
    if not cfg["tied"]:
        state["head.weight"] = torch.randn(cfg["vocab_size"], d, generator=g)
    return state


def attend(x, s, heads, causal):
    (B, T, d), split = x.shape, (x.shape[0], x.shape[1], heads, -1)
    q, k, v = F.linear(x, s["att.qkv.weight"], s["att.qkv.bias"]).chunk(3, -1)
    q, k, v = (each.view(split).transpose(1, 2) for each in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    return F.linear(out.transpose(1, 2).reshape(B, T, d), s["att.out.weight"], s["att.out.bias"])


def feed(x, s, approximate):
    hidden = F.gelu(F.linear(x, s["mlp.0.weight"], s["mlp.0.bias"]), approximate=approximate)
    return F.linear(hidden, s["mlp.2.weight"], s["mlp.2.bias"])


def norm(x, s, name, eps):
    return F.layer_norm(x, x.shape[-1:], s[f"{name}.weight"], s[f"{name}.bias"], eps)


def own_gpt(state, cfg, ids):
    """Logits of the own GPT, in float64 so that the tolerance is the library's alone."""
    s = {name: value.double() for name, value in state.items()}
    x = s["tok.weight"][ids] + s["pos.weight"][: ids.shape[1]]
    for i in range(cfg["n_layers"]):
        mark = f"blocks.{i}."
        b = {name.removeprefix(mark): v for name, v in s.items() if name.startswith(mark)}
        x = x + attend(norm(x, b, "ln1", 1e-5), b, cfg["n_heads"], causal=True)
        x = x + feed(norm(x, b, "ln2", 1e-5), b, "tanh")
    return norm(x, s, "ln", 1e-5) @ s.get("head.weight", s["tok.weight"]).T


def library(cfg):
    """The library's model of this size, without dropout, with other weights of its own."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=cfg["vocab_size"],
        n_positions=cfg["block_size"],
        n_embd=cfg["d_model"],
        n_head=cfg["n_heads"],
        n_layer=cfg["n_layers"],
        tie_word_embeddings=cfg["tied"],
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config).eval()


def loaded(module, state, what):
    """Load a returned state; names and shapes must all be right. Raises: Mismatch."""
    if not isinstance(state, dict):
        raise Mismatch(f"{what} returned {describe(state)}, expected a dict of tensors")
    known = module.state_dict()
    for name in known:
        if name not in state:
            raise Mismatch(f"{what}: {name} is missing")
    for name, value in state.items():
        if name not in known:
            raise Mismatch(f"{what}: the library knows no {name}")
        assert_tensor(value, f"{what}: {name}", shape=tuple(known[name].shape), dtype=torch.float32)
    module.load_state_dict(state)
    return module


def ids_of(cfg, seed):
    return torch.randint(cfg["vocab_size"], (3, cfg["block_size"]), generator=generator(seed))


@weight(3)
@pytest.mark.parametrize("number", range(3))
def check_same_logits(submission, number, seed):
    """GPT {number}: loaded into GPT2LMHeadModel, your state gives the logits of the own GPT."""
    cfg = CONFIGS[number]
    state, ids = state_of(cfg, seed + number), ids_of(cfg, seed)
    expected = own_gpt(state, cfg, ids)
    model = loaded(library(cfg), submission.to_hf_state(state, cfg), "to_hf_state")
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    assert_close(logits, expected.float(), "logits of the library", rtol=1e-4, atol=1e-4)


@weight(2)
def check_round_trip(submission, seed):
    """There and back again every tensor is equal to the bit, and none is too many."""
    for cfg in CONFIGS:
        state = state_of(cfg, seed)
        back = submission.from_hf_state(submission.to_hf_state(state, cfg), cfg)
        assert_states(back, state, "there and back")


@weight(2)
def check_reads_the_library(submission, seed):
    """A model of the library, with its tied or untied head, comes over as the own GPT."""
    for cfg in CONFIGS:
        model, ids = library(cfg), ids_of(cfg, seed)
        for value in model.parameters():
            value.data = torch.randn(value.shape, generator=generator(len(value))) * 0.3
        back = submission.from_hf_state(dict(model.state_dict()), cfg)
        example = state_of(cfg, 0)
        assert_names(back, example, "from_hf_state")
        for name, value in back.items():
            shape = tuple(example[name].shape)
            assert_tensor(value, f"from_hf_state: {name}", shape=shape, dtype=torch.float32)
        with torch.no_grad():
            logits = model(input_ids=ids).logits
        own = own_gpt(back, cfg, ids).float()
        assert_close(own, logits, "logits of the own GPT", rtol=1e-4, atol=1e-4)


@weight(3)
def check_bert_layer(submission, seed):
    """Loaded into BertLayer, your state gives the output of the own post-norm block."""
    for d, heads in ((12, 3), (8, 2)):
        g = generator(seed + d)
        state, x = block_of(d, g, 0.3), torch.randn(2, 7, d, generator=g)
        wide = {name: value.double() for name, value in state.items()}
        y = norm(x.double() + attend(x.double(), wide, heads, causal=False), wide, "ln1", 1e-12)
        expected = norm(y + feed(y, wide, "none"), wide, "ln2", 1e-12)
        config = BertConfig(
            vocab_size=9, hidden_size=d, num_attention_heads=heads, intermediate_size=4 * d
        )
        config._attn_implementation = "eager"
        layer = loaded(BertLayer(config).eval(), submission.to_bert_layer(state), "to_bert_layer")
        with torch.no_grad():
            got = layer(x)
        got = got[0] if isinstance(got, tuple) else got  # as before version 5
        assert_close(got, expected.float(), "output of BertLayer", rtol=1e-4, atol=1e-4)


def check_arguments_stay(submission, seed):
    """No argument is changed."""
    cfg, state = CONFIGS[1], state_of(CONFIGS[1], seed)
    calls = (
        (submission.to_hf_state, state, (cfg,)),
        (submission.from_hf_state, dict(library(cfg).state_dict()), (cfg,)),
        (submission.to_bert_layer, block_of(8, generator(seed), 0.3), ()),
    )
    for function, given, more in calls:
        kept = {name: value.clone() for name, value in given.items()}
        _, after, _ = function.keeping(given, *more)
        assert_states(after[0], kept, "the argument afterwards")


def assert_names(got, expected, what):
    if not isinstance(got, dict):
        raise Mismatch(f"{what}: got {describe(got)}, expected a dict of tensors")
    for name in sorted(expected.keys() ^ got.keys()):
        raise Mismatch(f"{what}: {name} is {'missing' if name in expected else 'one too many'}")


def assert_states(got, expected, what):
    assert_names(got, expected, what)
    for name, value in expected.items():
        assert_equal(got[name], value, f"{what}: {name}")


@pytest.mark.parametrize("item", ["activation_function", "layer_norm_epsilon", "resid_pdrop",
                                  "tie_word_embeddings", "use_cache"])  # fmt: skip
def check_defaults(submission, item):
    """DIFFERENCES says what GPT2Config() says of {item}."""
    got, expected = entry(submission, item), getattr(GPT2Config(), item)
    same = type(got) is type(expected) and got == expected
    if isinstance(expected, float):
        same = isinstance(got, float) and math.isclose(got, expected)
    if not same:
        raise Mismatch(f"{item}: {got!r} is not what GPT2Config() says", next_step="ask it")


def check_layout(submission):
    """DIFFERENCES says how Conv1D holds its weight, and whether the head has a bias."""
    model = library(CONFIGS[0])
    biased = "lm_head.bias" in model.state_dict()
    rows = model.transformer.h[0].mlp.c_fc.weight.shape[0]
    known = {
        "lm_head_bias": biased,
        "conv1d_weight": "in, out" if rows == CONFIGS[0]["d_model"] else "out, in",
    }
    for item, expected in known.items():
        got = entry(submission, item)
        if type(got) is not type(expected) or got != expected:
            raise Mismatch(f"{item}: {got!r} is not what the library does")


def entry(submission, item):
    found = submission.value("DIFFERENCES")
    if not isinstance(found, dict) or item not in found:
        raise Mismatch(f"DIFFERENCES has no {item}")
    return found[item]
