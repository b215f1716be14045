"""A GPT in at most 50 lines. Any parts you like may stand beside `GPT` in this file.

Lines are counted on the canonical text (`grade lines FILE`): docstrings, comments, blank lines
and imports are free, a line above 88 characters costs two, and joining lines with `;` saves
nothing. At most 50 lines and 1,000 tokens.

Not available: the ready-made transformers and attentions (Transformer*, MultiheadAttention,
scaled_dot_product_attention, is_causal, GPT2*), since you build them. Only torch and math may be
imported. Linear, Embedding, LayerNorm, GELU and softmax are there for you.
"""

import torch
from torch import Tensor, nn


class GPT(nn.Module):
    """A decoder-only transformer.

    Args:
        vocab_size   V, how many tokens there are
        block_size   the longest input
        d_model      width of the stream; n_heads divides it
        n_heads      heads of each attention, each d_model / n_heads wide
        n_layers     how many blocks; each is an attention and an MLP with a hidden width of
                     4 d_model, so about 12 d_model^2 parameters (8 to 20 are accepted)

    Conventions:
    - Position t reads the positions 0..t, itself included, and nothing after it.
    - Positions count from the start of the input: 0, 1, 2, ... Any scheme will do (a learned
      table, sinusoids, rotations), as long as order matters already in a model of one layer.
    - The scores of a head are divided by the square root of its width.
    - Both halves of a block are added to the stream: x + attention(...), x + mlp(...).
      The norm may stand before (as in GPT-2) or after.
    - Every parameter is registered, trained and used; state_dict() holds all that matters.
      Weights are float32, stored as nn.Linear and nn.Embedding store them, and must be loadable
      with load_state_dict.
    - A fresh model guesses: its loss on random tokens is within 10 % of ln V.
    - In eval mode nothing is random.
    """

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        d_model: int = 64,
        n_heads: int = 4,
        n_layers: int = 2,
    ) -> None:
        super().__init__()
        raise NotImplementedError("GPT: your code goes here")

    def forward(self, idx: Tensor) -> Tensor:
        """Score every possible next token at every position.

        Args: idx (B, T) int64 token ids, 1 <= T <= block_size.
        Returns: (B, T, V) float32 raw logits. They are not probabilities: the loss does that.
        Raises: ValueError (or AssertionError) if T > block_size.
        """
        raise NotImplementedError("GPT.forward: your code goes here")
