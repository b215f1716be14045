"""Counting with index_put and loops, cutting by masks on the unsorted logits."""

import torch


def bigram_counts(ids, V):
    counts = torch.zeros(V, V, dtype=torch.int64)
    return counts.index_put((ids[:-1], ids[1:]), torch.tensor(1), accumulate=True)


def ngram_logprobs(train_ids, V, n, k=0.1):
    table = torch.full((V,) * n, float(k), dtype=torch.float64)
    last = train_ids.shape[0] - n + 1
    runs = tuple(train_ids[i : i + last] for i in range(n))
    table = table.index_put(runs, torch.tensor(1.0).double(), accumulate=True)
    return torch.log(table) - torch.log(table.sum(-1, keepdim=True))


def text_logprobs(table, ids):
    last = ids.shape[0] - table.ndim + 1
    return table[tuple(ids[i : i + last] for i in range(table.ndim))]


def bits_per_char(logprobs):
    return (-logprobs / torch.log(torch.tensor(2.0).double())).mean().item()


def perplexity(logprobs):
    return logprobs.mean().neg().exp().item()


def next_probs(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature is negative")
    if top_k is not None and top_k <= 0:
        raise ValueError("top_k is too small")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p is no share")
    if temperature == 0:
        out = torch.zeros_like(logits)
        out[logits.argmax()] = 1
        return out
    scores = logits / temperature
    order = torch.argsort(scores, descending=True, stable=True)
    if top_k is not None:
        scores = scores.index_fill(0, order[top_k:], -torch.inf)
    probs = scores.softmax(-1)
    if top_p is not None:
        mass, kept = 0.0, []
        for i in order.tolist():
            kept.append(i)
            mass += float(probs[i])
            if mass >= top_p:
                break
        only = torch.zeros_like(probs)
        only[kept] = probs[kept]
        probs = only / only.sum()
    return probs


def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    probs = next_probs(logits, temperature, top_k, top_p)
    u = torch.rand((), generator=generator, dtype=probs.dtype)
    total = probs.cumsum(0)
    return min(int(torch.searchsorted(total, u, right=True)), int(probs.nonzero().max()))


def generate(model, ids, n_new, block, temperature=1.0, top_k=None, top_p=None, generator=None):
    tokens = ids.tolist()
    for _ in range(n_new):
        context = torch.tensor(tokens[-block:]).unsqueeze(0)
        tokens.append(sample(model(context)[0, -1, :], temperature, top_k, top_p, generator))
    return torch.tensor(tokens)
