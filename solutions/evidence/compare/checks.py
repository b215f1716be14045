import math
from importlib.util import find_spec

import pytest
import torch

from grader.oracle import Mismatch, assert_close, assert_tensor, generator, randn, weight
from grader.oracle.prose import sentences
from grader.oracle.runs import run_of
from grader.oracle.texts import assert_words, page_of, quotes

NO_JAX = "JAX is not installed here: choose the Hugging Face route"
SIZES = ((1, 1, 12, 3), (2, 5, 12, 3), (3, 4, 8, 1), (2, 7, 8, 2))
"""Batch, length, width, heads."""
AGAIN = (SIZES[0], (1, 5, 8, 2), (4, 7, 12, 3))
"""Lengths that were there before, in other company: what is kept beside a trace shows."""
NO_TOKENS = {"bos_token_id": 0, "eos_token_id": 0}


@pytest.fixture
def route(submission):
    """hf or jax, if that route can be taken here."""
    found = page_of(submission, "reflection.md").field("route")
    if found not in ("hf", "jax"):
        raise Mismatch(f"reflection.md: the route is {found}, expected hf or jax")
    if found == "jax" and find_spec("jax") is None:
        raise Mismatch(NO_JAX)
    if ("attention_jax.py" in submission) == ("hf.py" in submission):
        raise Mismatch("delete the program of the route that you did not take")
    return found


def gpt2(batch, length, width, heads, layers, seed):
    """A small GPT-2 with large weights, in float64, with ids and its logits."""
    from transformers.models.gpt2.modeling_gpt2 import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        n_layer=layers, n_head=heads, n_embd=width, vocab_size=19, n_positions=9, **NO_TOKENS
    )
    with torch.random.fork_rng(devices=[]):
        model = GPT2LMHeadModel(config).double().eval()
    draws = generator(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=draws).double())
    ids = torch.randint(19, (batch, length), generator=draws)
    with torch.no_grad():
        return model.state_dict(), ids, model(ids).logits


def attention(params, x, heads):
    """Causal self-attention in PyTorch, as the stub defines it."""
    B, T, C = x.shape
    q, k, v = (
        (x @ params[f"W_{n}"].T + params[f"b_{n}"]).view(B, T, heads, -1).transpose(1, 2)
        for n in "qkv"
    )
    scores = q @ k.transpose(-2, -1) / math.sqrt(C // heads)
    hidden = torch.ones(T, T).triu(1).bool()
    mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
    return mixed.transpose(1, 2).reshape(B, T, C) @ params["W_o"].T + params["b_o"]


def parameters(width, seed):
    names = [f"W_{n}" for n in "qkvo"] + [f"b_{n}" for n in "qkvo"]
    return {
        name: randn(*((width, width) if name[0] == "W" else (width,)), seed=seed + n).float()
        for n, name in enumerate(names)
    }


def numpy(params):
    return {name: value.numpy() for name, value in params.items()}


def close(got, expected, what):
    got = torch.as_tensor(got) if not isinstance(got, torch.Tensor) else got
    assert_tensor(got, what, shape=tuple(expected.shape), dtype=torch.float32)
    assert_close(got, expected, what, rtol=1e-4, atol=1e-4)


@weight(3)
@pytest.mark.parametrize(("size", "layers"), [(SIZES[1], 1), (SIZES[3], 2), (SIZES[0], 3)])
def check_values(route, fresh, size, layers):
    """The program gives what the original gives (batch, length, width, heads: {size})."""
    if route == "hf":
        state, ids, expected = gpt2(*size, layers, seed=layers)
        with fresh(file="hf.py") as program:
            got = program.logits(state, ids, size[3])
        assert_tensor(got, "logits", shape=tuple(expected.shape), dtype=torch.float64)
        assert_close(got, expected, "logits", rtol=1e-8, atol=1e-8)
        return
    params, x = parameters(size[2], seed=1), randn(*size[:3], seed=2).float()
    with fresh(file="attention_jax.py") as program:
        close(
            program.plain(numpy(params), x.numpy(), size[3]), attention(params, x, size[3]), "out"
        )


@weight(2)
def check_pure(route, fresh):
    """Many calls of different shapes in one process give the same; arguments are not changed."""
    with fresh(file="hf.py" if route == "hf" else "attention_jax.py") as program:
        for size in (*SIZES, *AGAIN):
            if route == "hf":
                state, ids, expected = gpt2(*size, 1, seed=3)
                got, (after, _, _) = kept(program.logits, state, ids, size[3])
                assert_close(got, expected, "logits", rtol=1e-8, atol=1e-8)
                same = all(torch.equal(after[name], state[name]) for name in state)
            else:
                params, x = parameters(size[2], seed=5), randn(*size[:3], seed=6).float()
                arguments = numpy(params), x.numpy(), size[3]
                got, (after, _, _) = kept(program.jitted, *arguments)
                close(got, attention(params, x, size[3]), "out, compiled")
                same = all((after[name] == value).all() for name, value in arguments[0].items())
            if not same:
                raise Mismatch("the weights are not what they were before the call")


def kept(function, *arguments):
    """The result, and the arguments after the call."""
    result, after = function.keeping(*arguments)[:2]
    return result, after


@weight(2)
def check_gradients_or_dtype(route, fresh):
    """The gradients are those of PyTorch (jax), or float32 is computed in float32 (hf)."""
    if route == "hf":
        state, ids, _ = gpt2(*SIZES[1], 2, seed=4)
        with fresh(file="hf.py") as program:
            small = program.logits({n: v.float() for n, v in state.items()}, ids, SIZES[1][3])
            right = program.logits(state, ids, SIZES[1][3])
        assert_tensor(small, "logits in float32", shape=tuple(right.shape), dtype=torch.float32)
        assert_close(small.double(), right, "logits in float32", rtol=1e-3, atol=1e-3)
        return
    params, x = parameters(12, seed=7), randn(2, 5, 12, seed=8).float()
    leaves = {name: value.requires_grad_() for name, value in params.items()}
    (attention(leaves, x, 3) ** 2).sum().backward()
    with fresh(file="attention_jax.py") as program:
        given = {name: value.detach().numpy() for name, value in leaves.items()}
        got = program.gradients(given, x.numpy(), 3)
    for name, value in leaves.items():
        mine = torch.as_tensor(got[name])
        assert_close(mine, value.grad, f"gradient by {name}", rtol=1e-3, atol=1e-2)


@weight(1)
def check_length(submission):
    """The reflection has 360 to 440 words, most of them in whole sentences."""
    body = page_of(submission, "reflection.md").body
    assert_words(body, 360, 440, "reflection.md")
    found = list(sentences(body))
    in_prose = sum(len(each.words) for each in found if each.is_prose)
    if in_prose < 0.6 * sum(len(each.words) for each in found):
        raise Mismatch("most of the reflection is not in whole sentences")


@weight(2)
def check_numbers(submission, route):
    """The reflection holds two numbers or more of the run that it names."""
    page = page_of(submission, "reflection.md")
    log = run_of(submission, page.field("run"), "reflection.md")
    if log.status != "done":
        raise Mismatch(f"the run {log.run} ended as {log.status}, expected done")
    pairs = {(key, value) for each in log.records for key, value in each.items() if key != "step"}
    told = {key for key, value in pairs if quotes(page.body, value)}
    if len(told) < 2:
        raise Mismatch(f"the reflection gives {len(told)} numbers of the run {log.run}, expected 2")
