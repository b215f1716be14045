"""Baselines that count, and text that is drawn.

Conventions, for the whole file:
- Ids are int64, 0 .. V - 1. log is the natural logarithm, in nats; only bits_per_char gives bits.
- Tables and scores of text are float64.
- No argument is changed in place.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def bigram_counts(ids: Tensor, V: int) -> Tensor:
    """(V, V) int64: entry [a, b] says how often b comes right after a in ids (N,), N >= 2.

    The text does not go round: nothing follows its last id.
    """
    raise NotImplementedError("bigram_counts: your code goes here")


def ngram_logprobs(train_ids: Tensor, V: int, n: int, k: float = 0.1) -> Tensor:
    """The add-k n-gram model as a table of log-probabilities.

    Args: train_ids (N,) with N >= n; n >= 1; k > 0.
    Returns: n axes of length V, float64. Entry [a, b, c] of a trigram is log p(c | a, b), where a
    comes first in the text:

        p(c | a, b) = (count(a, b, c) + k) / (count(a, b, anything) + k V)

    where count(a, b, anything) is the sum of count(a, b, c) over c. For n = 1 the table is (V,) and
    the context empty.
    """
    raise NotImplementedError("ngram_logprobs: your code goes here")


def text_logprobs(table: Tensor, ids: Tensor) -> Tensor:
    """(N - n + 1,) float64: log p of each id in a text (N,) that has n - 1 ids before it.

    Args: table, as `ngram_logprobs` returns it; n is its number of axes.
    """
    raise NotImplementedError("text_logprobs: your code goes here")


def bits_per_char(logprobs: Tensor) -> float:
    """The mean cost of a character in bits, from log-probabilities in nats (N,)."""
    raise NotImplementedError("bits_per_char: your code goes here")


def perplexity(logprobs: Tensor) -> float:
    """exp of the mean cost in nats, from log-probabilities in nats (N,)."""
    raise NotImplementedError("perplexity: your code goes here")


def next_probs(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """The probabilities that the next token is drawn with, in this order:

    1. softmax(logits / temperature). Temperature 0 is the limit: all for the largest logit.
    2. top_k: only the k most probable tokens stay, and share everything.
    3. top_p: of these, the smallest set of most probable tokens whose probabilities sum to top_p
       or more; never less than one token. They share everything.

    Ties go to the lower id, in each of the three.
    Args:
        logits  (V,) float32 or float64, with -inf for tokens that must not come; at least one is
                finite, and the others may be large, such as 1000
        top_k   1 or more; more than V keeps all
        top_p   in (0, 1]; 1 keeps all
    Returns: (V,) in the dtype of logits; sums to 1, and is exactly 0 for what was cut.
    Raises: ValueError naming `temperature` if it is negative, `top_k` if it is below 1, `top_p`
    unless 0 < top_p <= 1.
    """
    raise NotImplementedError("next_probs: your code goes here")


def sample(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> int:
    """Draw one token from `next_probs`; a Python int.

    Args: generator, where the random number comes from; None means torch's own.
    """
    raise NotImplementedError("sample: your code goes here")


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
    """Continue a text token by token, each drawn with `sample`.

    Args:
        model  takes ids (1, t) int64 with 1 <= t <= block, and returns logits (1, t, V); those of
               the last position are for the next token. It is called once for each new token, with
               the last `block` ids there are by then (fewer at the start).
        ids    (T,) int64, T >= 1: the prompt, which may be longer than block
        n_new  0 or more
    Returns: (T + n_new,) int64: the prompt and its continuation.
    """
    raise NotImplementedError("generate: your code goes here")
