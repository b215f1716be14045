"""You left nan where a query may read no key: softmax of nothing but -inf is 0/0. Such a row must
become zeros.
caught by: check_nothing_to_read_gives_zeros
"""

import math

import torch
from torch import Tensor


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    causal: bool = False,
    dropout: float = 0.0,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    if mask is not None and mask.dtype is not torch.bool:
        raise TypeError(f"mask must be bool (True = may read), not {mask.dtype}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, not {dropout}")
    hidden = ~_allowed(q.shape[-2], k.shape[-2], mask, causal)
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
    if training:
        kept = torch.rand(weights.shape, generator=generator) >= dropout
        weights = weights * kept / (1 - dropout)
    return weights @ v, weights


def _allowed(Tq: int, Tk: int, mask: Tensor | None, causal: bool) -> Tensor:
    allowed = torch.ones(Tq, Tk, dtype=torch.bool)
    if causal:
        allowed = allowed.tril(Tk - Tq)
    return allowed if mask is None else allowed & mask


def causal_mask(T: int) -> Tensor:
    return torch.ones(T, T, dtype=torch.bool).tril()


def padding_mask(lengths: Tensor, T: int) -> Tensor:
    return torch.arange(T) < lengths[:, None, None]


def prefix_mask(T: int, n: int) -> Tensor:
    return causal_mask(T) | (torch.arange(T) < n)


def cross_mask(source_lengths: Tensor, T: int, S: int) -> Tensor:
    return padding_mask(source_lengths, S).expand(-1, T, -1)


def kind_mask(
    kind: str,
    lengths: Tensor,
    T: int,
    source_lengths: Tensor | None = None,
    S: int | None = None,
) -> Tensor:
    if kind == "encoder":
        return cross_mask(lengths, T, T)
    if kind == "decoder":
        return padding_mask(lengths, T) & causal_mask(T)
    if kind == "encdec_cross":
        return cross_mask(source_lengths, T, S)
    raise ValueError(f"kind must be encoder, decoder or encdec_cross, not {kind!r}")
