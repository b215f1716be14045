"""Multi-head self-attention: several small attentions side by side, then one mixture.

At most 49 canonical lines and 1,000 tokens. Docstrings, comments, blank lines and imports at the
top are free: `grade lines FILE` shows what each line costs.

Not available here: nn.MultiheadAttention, scaled_dot_product_attention and the ready-made
transformer layers, since you build what is inside them. nn.Linear, nn.Dropout and softmax are
available.
"""

import math

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """Self-attention over x (B, T, C) with h heads of size d = C / h.

    Head i works on the columns i*d to (i+1)*d of the projections: it reads q, k and v there, and
    writes its output there. W_o then mixes the columns of all heads.

    The state_dict holds the parameters of `W_q`, `W_k`, `W_v` and `W_o` and nothing else. Each is
    an `nn.Linear(d_model, d_model, bias=bias)`: a weight of shape (out, in), and a bias if asked
    for. How they are initialised is up to you: the checks load weights of their own.

    After each call, `last_weights` is a plain attribute: (B, h, T, T), the weights that were
    multiplied with v (after dropout), detached from the graph.
    """

    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0, bias: bool = True) -> None:
        """Args: dropout, the probability of dropping an attention weight while training.

        The weights that stay are divided by 1 - dropout. After `eval()` nothing is dropped.
        Raises: ValueError naming `n_heads`, if d_model is no multiple of it.
        """
        super().__init__()
        raise NotImplementedError("MultiHeadAttention: your code goes here")

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Attend within each sequence of x, and return the same shape and dtype.

        Args:
            x       (B, T, C), float32 or float64 like the parameters; never changed in place
            mask    bool, True = "this query may read this key". Broadcasts to (B, h, T, T):
                    (T, T), (B, 1, T, T), (1, h, T, T), (B, h, T, T) or (B, 1, 1, T)
            causal  hide the future as well; a key is read where `mask` and `causal` both allow it
        A query that may read no key has weights of zero, so its output is the bias of W_o.
        """
        raise NotImplementedError("MultiHeadAttention.forward: your code goes here")
