"""Baselines that count, and text that is drawn."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def ngram_counts(ids: Tensor, V: int, n: int) -> Tensor:
    """n axes of length V: each run of n ids is one number in base V, and numbers can be counted."""
    keys = torch.zeros(len(ids) - n + 1, dtype=torch.int64)
    for column in ids.unfold(0, n, 1).unbind(1):
        keys = keys * V + column
    return torch.bincount(keys, minlength=V**n).view((V,) * n)


def bigram_counts(ids: Tensor, V: int) -> Tensor:
    return ngram_counts(ids, V, 2)


def ngram_logprobs(train_ids: Tensor, V: int, n: int, k: float = 0.1) -> Tensor:
    counts = ngram_counts(train_ids, V, n).double()
    total = counts.sum(-1, keepdim=True)
    return ((counts + k) / (total + k * V)).log()


def text_logprobs(table: Tensor, ids: Tensor) -> Tensor:
    return table[ids.unfold(0, table.ndim, 1).unbind(1)]


def bits_per_char(logprobs: Tensor) -> float:
    return -float(logprobs.mean()) / math.log(2)


def perplexity(logprobs: Tensor) -> float:
    return math.exp(-float(logprobs.mean()))


def next_probs(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Work on the tokens from the most probable to the least, and put them back at the end."""
    if temperature < 0:
        raise ValueError(f"temperature must be 0 or more, not {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], not {top_p}")
    ranked, order = logits.sort(descending=True, stable=True)
    if temperature == 0:
        temperature, top_k = 1.0, 1
    probs = (ranked / temperature).softmax(0)
    if top_k is not None:
        probs = shared(probs, torch.arange(len(probs)) < top_k)
    if top_p is not None:
        before = probs.cumsum(0) - probs  # the mass of all that are more probable
        probs = shared(probs, before < top_p)
    return torch.zeros_like(probs).scatter(0, order, probs)


def shared(probs: Tensor, keep: Tensor) -> Tensor:
    """Those that are kept share everything."""
    probs = probs * keep
    return probs / probs.sum()


def sample(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> int:
    probs = next_probs(logits, temperature, top_k, top_p)
    return int(torch.multinomial(probs, 1, generator=generator))


def generate(
    model: Callable[[Tensor], Tensor],
    ids: Tensor,
    n_new: int,
    block: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    ids = ids.clone()
    for _ in range(n_new):
        logits = model(ids[None, -block:])[0, -1]
        token = sample(logits, temperature, top_k, top_p, generator)
        ids = torch.cat([ids, torch.tensor([token])])
    return ids
