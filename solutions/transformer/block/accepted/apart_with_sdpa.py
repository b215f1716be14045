"""Separate projections, torch's attention function, and blocks that share no code."""

import torch
from torch import nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.h = n_heads
        self.q, self.k, self.v, self.o = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, x, mask=None):
        B, T, C = x.shape
        q, k, v = (
            layer(x).view(B, T, self.h, C // self.h).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o(out.transpose(1, 2).reshape(B, T, C))


class Base(nn.Module):
    def __init__(self, d_model, n_heads, ff_dim, dropout=0.1, eps=1e-5):
        super().__init__()
        self.attn = SelfAttention(d_model, n_heads)
        self.up, self.down = nn.Linear(d_model, ff_dim), nn.Linear(ff_dim, d_model)
        self.n1, self.n2 = nn.LayerNorm(d_model, eps=eps), nn.LayerNorm(d_model, eps=eps)
        self.p = dropout

    def drop(self, x):
        return F.dropout(x, self.p, self.training)

    def ff(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(Base):
    def forward(self, x, mask=None):
        x = self.drop(self.attn(self.n1(x), mask)) + x
        return self.drop(self.ff(self.n2(x))) + x


class PostBlock(Base):
    def __init__(self, d_model, n_heads, ff_dim, dropout=0.1):
        super().__init__(d_model, n_heads, ff_dim, dropout, eps=1e-12)

    def forward(self, x, mask=None):
        x = self.n1(x + self.drop(self.attn(x, mask)))
        return self.n2(x + self.drop(self.ff(x)))


def load_gpt2_block(block, sd):
    wq, wk, wv = sd["attn.c_attn.weight"].chunk(3, dim=1)
    bq, bk, bv = sd["attn.c_attn.bias"].chunk(3)
    block.load_state_dict(
        {
            "attn.q.weight": wq.T,
            "attn.q.bias": bq,
            "attn.k.weight": wk.T,
            "attn.k.bias": bk,
            "attn.v.weight": wv.T,
            "attn.v.bias": bv,
            "attn.o.weight": sd["attn.c_proj.weight"].T,
            "attn.o.bias": sd["attn.c_proj.bias"],
            "up.weight": sd["mlp.c_fc.weight"].T,
            "up.bias": sd["mlp.c_fc.bias"],
            "down.weight": sd["mlp.c_proj.weight"].T,
            "down.bias": sd["mlp.c_proj.bias"],
            "n1.weight": sd["ln_1.weight"],
            "n1.bias": sd["ln_1.bias"],
            "n2.weight": sd["ln_2.weight"],
            "n2.bias": sd["ln_2.bias"],
        }
    )


def load_bert_layer(block, sd):
    names = {
        "attention.self.query": "attn.q",
        "attention.self.key": "attn.k",
        "attention.self.value": "attn.v",
        "attention.output.dense": "attn.o",
        "attention.output.LayerNorm": "n1",
        "intermediate.dense": "up",
        "output.dense": "down",
        "output.LayerNorm": "n2",
    }
    parts = [(ours, theirs, kind) for theirs, ours in names.items() for kind in ("weight", "bias")]
    block.load_state_dict(
        {f"{ours}.{kind}": sd[f"{theirs}.{kind}"] for ours, theirs, kind in parts}
    )
