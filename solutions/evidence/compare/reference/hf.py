"""GPT-2 from its weights: what the library computes, without the library."""

import math

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm


def logits(state: dict[str, Tensor], ids: Tensor, n_heads: int) -> Tensor:
    body = {name.removeprefix("transformer."): value for name, value in state.items()}
    x = embedding(ids, body["wte.weight"]) + body["wpe.weight"][: ids.shape[1]]
    layers = {name.split(".")[1] for name in body if name.startswith("h.")}
    for n in range(len(layers)):
        own = {k.removeprefix(f"h.{n}."): v for k, v in body.items() if k.startswith(f"h.{n}.")}
        x = x + attention(own, normed(own, "ln_1", x), n_heads)
        x = x + mlp(own, normed(own, "ln_2", x))
    return normed(body, "ln_f", x) @ state["lm_head.weight"].T


def normed(own: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return layer_norm(x, x.shape[-1:], own[f"{name}.weight"], own[f"{name}.bias"])


def conv1d(own: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    """The library's Conv1D: a linear layer whose weight lies as (in, out)."""
    return x @ own[f"{name}.weight"] + own[f"{name}.bias"]


def attention(own: dict[str, Tensor], x: Tensor, n_heads: int) -> Tensor:
    batch, length, width = x.shape
    q, k, v = (
        part.view(batch, length, n_heads, -1).transpose(1, 2)
        for part in conv1d(own, "attn.c_attn", x).split(width, dim=-1)
    )
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // n_heads)
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
    mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
    return conv1d(own, "attn.c_proj", mixed.transpose(1, 2).reshape(batch, length, width))


def mlp(own: dict[str, Tensor], x: Tensor) -> Tensor:
    return conv1d(own, "mlp.c_proj", gelu(conv1d(own, "mlp.c_fc", x), approximate="tanh"))
