"""The two blocks that transformers are stacked from, and loaders for published weights."""

import math

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention; q, k and v come from one fused layer, side by side."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        heads = self.qkv(x).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, heads, T, width)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Pre-norm: the norm stands inside the branch, the stream stays untouched."""

    eps = 1e-5

    def __init__(self, d_model: int, n_heads: int, ff_dim: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.attention = Attention(d_model, n_heads)
        self.feed = nn.Sequential(nn.Linear(d_model, ff_dim), nn.GELU(), nn.Linear(ff_dim, d_model))
        self.norm1 = nn.LayerNorm(d_model, self.eps)
        self.norm2 = nn.LayerNorm(d_model, self.eps)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.drop(self.attention(self.norm1(x), mask))
        return x + self.drop(self.feed(self.norm2(x)))


class PostBlock(Block):
    """Post-norm: the same layers, with the norms in the stream."""

    eps = 1e-12

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.norm1(x + self.drop(self.attention(x, mask)))
        return self.norm2(x + self.drop(self.feed(x)))


def load_gpt2_block(block: Block, sd: dict[str, Tensor]) -> None:
    fill(block.norm1, sd["ln_1.weight"], sd["ln_1.bias"])
    fill(block.norm2, sd["ln_2.weight"], sd["ln_2.bias"])
    fill(block.attention.qkv, sd["attn.c_attn.weight"].T, sd["attn.c_attn.bias"])
    fill(block.attention.out, sd["attn.c_proj.weight"].T, sd["attn.c_proj.bias"])
    fill(block.feed[0], sd["mlp.c_fc.weight"].T, sd["mlp.c_fc.bias"])
    fill(block.feed[2], sd["mlp.c_proj.weight"].T, sd["mlp.c_proj.bias"])


def load_bert_layer(block: PostBlock, sd: dict[str, Tensor]) -> None:
    parts = [f"attention.self.{name}" for name in ("query", "key", "value")]
    weight, bias = (torch.cat([sd[f"{part}.{kind}"] for part in parts]) for kind in KINDS)
    fill(block.attention.qkv, weight, bias)
    places = {
        "attention.output.dense": block.attention.out,
        "attention.output.LayerNorm": block.norm1,
        "intermediate.dense": block.feed[0],
        "output.dense": block.feed[2],
        "output.LayerNorm": block.norm2,
    }
    for name, layer in places.items():
        fill(layer, *(sd[f"{name}.{kind}"] for kind in KINDS))


KINDS = "weight", "bias"


@torch.no_grad()
def fill(layer: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Write into the parameters that the layer has."""
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
