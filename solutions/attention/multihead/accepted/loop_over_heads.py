"""One head after the other, each on its own columns."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        if d_model % n_heads != 0:
            raise ValueError("n_heads must divide d_model")
        self.d_head, self.p = d_model // n_heads, dropout
        for name in ("W_q", "W_k", "W_v", "W_o"):
            self.add_module(name, nn.Linear(d_model, d_model, bias=bias))

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        B, T, C = x.shape
        h = C // self.d_head
        allowed = torch.ones(B, h, T, T, dtype=torch.bool)
        allowed = allowed if mask is None else allowed & mask
        allowed = allowed.tril() if causal else allowed
        parts = [w(x).split(self.d_head, -1) for w in (self.W_q, self.W_k, self.W_v)]
        outs, kept = [], []
        for i, (q, k, v) in enumerate(zip(*parts, strict=True)):
            scores = torch.einsum("bqd,bkd->bqk", q, k) / math.sqrt(self.d_head)
            scores = torch.where(allowed[:, i], scores, -torch.inf)
            weights = torch.nan_to_num(F.softmax(scores, dim=-1), 0.0)
            kept.append(F.dropout(weights, self.p, self.training))
            outs.append(kept[-1] @ v)
        self.last_weights = torch.stack(kept, 1).detach()
        return self.W_o(torch.cat(outs, -1))
