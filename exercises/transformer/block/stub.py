"""The two blocks that transformers are stacked from, and loaders for published weights.

Conventions, for the whole file:
- x is (B, T, C) with C = d_model; results have the same shape and dtype, and x stays as it is.
- Attention has n_heads heads of width C / n_heads; scores are divided by the square root of that
  width. q, k, v and the output each have a bias. Attention weights have no dropout.
- A mask is bool, True = "this query may read this key", and broadcasts to (B, n_heads, T, T). None
  hides nothing. Every query may read at least one key.
- The feed-forward part is Linear(C, ff_dim), GELU, Linear(ff_dim, C), both with bias. The GELU is
  the exact one, x * Phi(x), which is nn.GELU() as it comes.
- dropout is the probability of setting a number to zero; it acts on what a branch returns, before
  that is added to x, and only in training.
- How parameters are called and initialised is up to you. They hold 4 C^2 + 2 C ff_dim weights,
  5 C + ff_dim biases and two LayerNorms of 2 C; nothing is shared and nothing is left over.

Your attention of the exercise `multihead` may stand in this file; scaled_dot_product_attention is
available too. Not available: the blocks that others have assembled (TransformerEncoderLayer,
GPT2Block, BertLayer, MultiheadAttention, ...).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    """Pre-norm, as in GPT-2: the norm stands inside the branch, the stream stays untouched.

        x = x + dropout(attention(norm1(x)))
        x = x + dropout(feed_forward(norm2(x)))

    Both norms have eps 1e-5.
    """

    def __init__(self, d_model: int, n_heads: int, ff_dim: int, dropout: float = 0.1) -> None:
        super().__init__()
        raise NotImplementedError("Block: your code goes here")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        raise NotImplementedError("Block.forward: your code goes here")


class PostBlock(nn.Module):
    """Post-norm, as in BERT: the norm comes after each sum, in the stream.

        x = norm1(x + dropout(attention(x)))
        x = norm2(x + dropout(feed_forward(x)))

    Both norms have eps 1e-12.
    """

    def __init__(self, d_model: int, n_heads: int, ff_dim: int, dropout: float = 0.1) -> None:
        super().__init__()
        raise NotImplementedError("PostBlock: your code goes here")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        raise NotImplementedError("PostBlock.forward: your code goes here")


def load_gpt2_block(block: Block, sd: dict[str, Tensor]) -> None:
    """Copy the weights of one GPT-2 block into `block`, which is changed in place.

    Args: sd, the state of Hugging Face's GPT2Block, in the dtype of the block. Entries that are
    not listed are ignored. These layers are no Linear: their weights are stored as (in, out).

        ln_1.weight, ln_1.bias                  (C,), (C,)
        attn.c_attn.weight, attn.c_attn.bias    (C, 3 C), (3 C,)   q, k and v side by side, in
                                                this order, each with its heads side by side
        attn.c_proj.weight, attn.c_proj.bias    (C, C), (C,)
        ln_2.weight, ln_2.bias                  (C,), (C,)
        mlp.c_fc.weight, mlp.c_fc.bias          (C, ff_dim), (ff_dim,)
        mlp.c_proj.weight, mlp.c_proj.bias      (ff_dim, C), (C,)
    """
    raise NotImplementedError("load_gpt2_block: your code goes here")


def load_bert_layer(block: PostBlock, sd: dict[str, Tensor]) -> None:
    """Copy the weights of one BERT layer into `block`, which is changed in place.

    Args: sd, the state of Hugging Face's BertLayer, in the dtype of the block. Entries that are not
    listed are ignored. These are Linear layers: weights are stored as (out, in).

        attention.self.query.weight, .bias          (C, C), (C,)    and `key`, `value` alike
        attention.output.dense.weight, .bias        (C, C), (C,)
        attention.output.LayerNorm.weight, .bias    (C,), (C,)      after the first sum
        intermediate.dense.weight, .bias            (ff_dim, C), (ff_dim,)
        output.dense.weight, .bias                  (C, ff_dim), (C,)
        output.LayerNorm.weight, .bias              (C,), (C,)      after the second sum
    """
    raise NotImplementedError("load_bert_layer: your code goes here")
