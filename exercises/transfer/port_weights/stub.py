"""Carry weights between a small transformer of your own and the library `transformers`.

A state is a plain dict: name -> float32 tensor. You write functions from states to states; the
grader loads what you return into the real `GPT2LMHeadModel` and `BertLayer` and compares logits.

The own GPT (README.md shows its code), d = cfg["d_model"], V = cfg["vocab_size"], i counts blocks:

    tok.weight              (V, d)          pos.weight           (cfg["block_size"], d)
    blocks.i.ln1.weight     (d,)            blocks.i.ln1.bias    (d,)
    blocks.i.att.qkv.weight (3d, d)         blocks.i.att.qkv.bias (3d,)   rows: q, then k, then v
    blocks.i.att.out.weight (d, d)          blocks.i.att.out.bias (d,)
    blocks.i.ln2.weight     (d,)            blocks.i.ln2.bias    (d,)
    blocks.i.mlp.0.weight   (4d, d)         blocks.i.mlp.0.bias  (4d,)
    blocks.i.mlp.2.weight   (d, 4d)         blocks.i.mlp.2.bias  (d,)
    ln.weight               (d,)            ln.bias              (d,)
    head.weight             (V, d)          only where cfg["tied"] is False; else head = tok

Every Linear of it computes x @ weight.T + bias. No function changes its argument.
"""

import torch
from torch import Tensor

DIFFERENCES = {
    # What GPT2Config() says where you say nothing. Replace each None.
    "activation_function": None,  # a str, the name that the library gives it
    "layer_norm_epsilon": None,  # a float
    "resid_pdrop": None,  # a float: dropout on each branch
    "tie_word_embeddings": None,  # a bool: does the head share the token embedding?
    "lm_head_bias": None,  # a bool: does the head of GPT2LMHeadModel have a bias?
    "conv1d_weight": None,  # "in, out" or "out, in": the axes of the weight of Conv1D
    "use_cache": None,  # a bool: does a forward pass keep the keys and values for the next one?
}


def to_hf_state(state: dict[str, Tensor], cfg: dict) -> dict[str, Tensor]:
    """The state of the own GPT as the state_dict of `GPT2LMHeadModel`, with all its keys.

    Args: cfg, with "vocab_size", "block_size", "d_model", "n_heads", "n_layers" and "tied"
    Returns: transformer.wte.weight, transformer.wpe.weight, transformer.h.i.ln_1.weight,
        .attn.c_attn, .attn.c_proj, .ln_2, .mlp.c_fc, .mlp.c_proj, each with .weight and .bias,
        transformer.ln_f.weight and .bias, lm_head.weight (also where it is tied)
    """
    raise NotImplementedError("to_hf_state: your code goes here")


def from_hf_state(state: dict[str, Tensor], cfg: dict) -> dict[str, Tensor]:
    """The way back: from_hf_state(to_hf_state(state, cfg), cfg) is `state`, to the bit.

    Where cfg["tied"] is True the result has no head.weight.
    """
    raise NotImplementedError("from_hf_state: your code goes here")


def to_bert_layer(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of one own post-norm block as the state_dict of `BertLayer`.

    The own block is LN(x + attention(x)), then LN(x + mlp(x)):
        att.qkv, att.out, ln1, mlp.0, mlp.2, ln2, each .weight and .bias, with shapes as above.
        ln1 stands after the attention, ln2 after the mlp.
    `BertLayer` has
        attention.self.query, .key, .value        (d, d) each
        attention.output.dense, attention.output.LayerNorm
        intermediate.dense, output.dense, output.LayerNorm
    Its linear layers are nn.Linear.
    """
    raise NotImplementedError("to_bert_layer: your code goes here")
