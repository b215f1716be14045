"""All heads at once in (B, T, h, d), without moving the heads forward."""

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        d, rest = divmod(d_model, n_heads)
        if rest:
            raise ValueError(f"n_heads={n_heads} does not divide d_model={d_model}")
        self.shape, self.scale = (n_heads, d), d**-0.5
        self.W_q, self.W_k, self.W_v, self.W_o = (
            nn.Linear(d_model, d_model, bias=bias) for _ in range(4)
        )
        self.drop = nn.Dropout(dropout)
        self.register_buffer("last_weights", None, persistent=False)

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        B, T, C = x.shape
        q, k, v = (w(x).view(B, T, *self.shape) for w in (self.W_q, self.W_k, self.W_v))
        scores = torch.einsum("bqhd,bkhd->bhqk", q * self.scale, k)
        hidden = torch.zeros(T, T, dtype=torch.bool) if mask is None else ~mask
        if causal:
            hidden = hidden | torch.ones(T, T, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, float("-inf"))
        empty = hidden.expand_as(scores).all(-1, keepdim=True)
        weights = self.drop(scores.masked_fill(empty, 0).softmax(-1).masked_fill(empty, 0))
        self.last_weights = weights.detach()
        return self.W_o(torch.einsum("bhqk,bkhd->bqhd", weights, v).reshape(B, T, C))
