"""The Hugging Face route: GPT-2 from its weights. Delete this file on the other route."""

import torch
from torch import Tensor


def logits(state: dict[str, Tensor], ids: Tensor, n_heads: int) -> Tensor:
    """What GPT2LMHeadModel in evaluation mode says, from its state_dict alone, in plain PyTorch.

    Args:
        state    model.state_dict(): float32 or float64, any number of layers; never changed
        ids      (B, T) int64, T at most the number of positions
        n_heads  of every layer
    Returns: (B, T, vocabulary), with the dtype of the weights. The configuration is the default of
    GPT2Config apart from the sizes; names, shapes and formulas stand in transformers'
    modeling_gpt2.py.
    """
    raise NotImplementedError("logits: your code goes here")
