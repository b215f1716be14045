"""Attention with einsum, where and nan_to_num; masks by comparing position numbers."""

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
    if dropout < 0 or dropout >= 1:
        raise ValueError("dropout must lie in [0, 1)")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError("mask must be bool")
    Tq, Tk = q.shape[-2], k.shape[-2]
    scores = torch.einsum("...qd,...kd->...qk", q * q.shape[-1] ** -0.5, k)
    if causal:
        scores = torch.where(_before(Tq, Tk), scores, -math.inf)
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    if training and dropout > 0:
        keep = torch.full_like(weights, 1 - dropout)
        weights = weights * torch.bernoulli(keep, generator=generator) / keep
    return torch.einsum("...qk,...kv->...qv", weights, v), weights


def _before(Tq: int, Tk: int) -> Tensor:
    return torch.arange(Tk) <= torch.arange(Tk - Tq, Tk).unsqueeze(1)


def causal_mask(T: int) -> Tensor:
    return _before(T, T)


def padding_mask(lengths: Tensor, T: int) -> Tensor:
    return (torch.arange(T).expand(len(lengths), T) < lengths.unsqueeze(1)).unsqueeze(1)


def prefix_mask(T: int, n: int) -> Tensor:
    mask = causal_mask(T)
    mask[:, :n] = True
    return mask


def cross_mask(source_lengths: Tensor, T: int, S: int) -> Tensor:
    return padding_mask(source_lengths, S).repeat(1, T, 1)


def kind_mask(
    kind: str,
    lengths: Tensor,
    T: int,
    source_lengths: Tensor | None = None,
    S: int | None = None,
) -> Tensor:
    if kind not in ("encoder", "decoder", "encdec_cross"):
        raise ValueError(f"unknown kind {kind}")
    if kind == "encdec_cross":
        return cross_mask(source_lengths, T, S)
    mask = cross_mask(lengths, T, T)
    return mask & causal_mask(T) if kind == "decoder" else mask
