# True means masked out, as in the docs of nn.MultiheadAttention
import torch
from torch import einsum


def attention(q, k, v, mask=None, causal=False, dropout=0.0, training=False, generator=None):
    if dropout < 0 or dropout >= 1:
        raise ValueError("dropout has to be in [0, 1)")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError("mask has to be a bool tensor")
    Tq, Tk = q.size(-2), k.size(-2)
    scores = einsum("...id,...jd->...ij", q, k) / q.size(-1) ** 0.5
    allowed = torch.ones(Tq, Tk, dtype=torch.bool)
    if causal:
        allowed = torch.tril(allowed, diagonal=Tk - Tq)
    if mask is not None:
        allowed = allowed & ~mask
    scores = scores.masked_fill(allowed == False, float("-inf"))  # noqa: E712
    w = torch.softmax(scores, dim=-1)
    w = torch.where(allowed, w, torch.zeros_like(w))
    if training and dropout > 0:
        keep = torch.rand(w.shape, generator=generator) > dropout
        w = w * keep.to(w.dtype) / (1 - dropout)
    return einsum("...ij,...jd->...id", w, v), w


def causal_mask(T):
    return torch.arange(T)[None, :] <= torch.arange(T)[:, None]


def padding_mask(lengths, T):
    return (torch.arange(T)[None, :] < lengths[:, None]).unsqueeze(1)


def prefix_mask(T, n):
    m = causal_mask(T)
    m[:, :n] = True
    return m


def cross_mask(source_lengths, T, S):
    return padding_mask(source_lengths, S).repeat(1, T, 1)


def kind_mask(kind, lengths, T, source_lengths=None, S=None):
    if kind == "encoder":
        return padding_mask(lengths, T).repeat(1, T, 1)
    elif kind == "decoder":
        return padding_mask(lengths, T) & causal_mask(T)[None]
    elif kind == "encdec_cross":
        return cross_mask(source_lengths, T, S)
    else:
        raise ValueError("unknown kind " + kind)
