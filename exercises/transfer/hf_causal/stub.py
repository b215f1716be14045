"""Use a pretrained causal language model of the library `transformers`.

The folder that you are given holds a GPT-2 of 2 layers, 4 heads, 64 wide, with a context of 64
tokens, and its byte-level BPE tokenizer of 512 tokens. It was trained for seconds, so its text is
poor; the code is the same as for a large one. There is no network here.

Conventions, for the whole file:
- Ids and masks are int64 tensors; probabilities and attention weights are float32.
- Greedy: the next token is the one with the largest logit. Nothing is drawn at random, and the
  same call gives the same answer every time.
- No argument is changed.

Not available here: `pipeline`, which would do everything out of sight.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(folder: str) -> tuple[Any, Any]:
    """The tokenizer and the model in `folder`, ready for all the functions below.

    Returns: (tokenizer, model)
        tokenizer  has a pad token, its end token, and pads on the left
        model      is in evaluation mode, and can give its attention weights
    """
    raise NotImplementedError("load: your code goes here")


def encode_batch(tokenizer: Any, texts: list[str], max_len: int) -> dict[str, Tensor]:
    """Token ids of several texts in one rectangle.

    A longer text keeps its first `max_len` tokens. Shorter ones are padded on the left, to the
    longest that is left.
    Returns: a plain dict of exactly two tensors (B, T), T <= max_len
        input_ids       the ids; the id of the pad token in front of shorter texts
        attention_mask  1 for a token of the text, 0 for padding
    """
    raise NotImplementedError("encode_batch: your code goes here")


def complete(tokenizer: Any, model: Any, prompts: list[str], n: int) -> list[str]:
    """Continue each prompt greedily, by at most `n` new tokens.

    Each continuation is what it would be if its prompt came alone, whatever its neighbours are.
    It ends before the end token, if that comes earlier. Every prompt has at least one token.
    Returns: one text for each prompt: the new text alone, without the prompt and special tokens
    """
    raise NotImplementedError("complete: your code goes here")


def next_token_table(model: Any, ids: Tensor, k: int) -> list[tuple[int, float]]:
    """The `k` most probable next tokens after `ids` (T,), the most probable first.

    Returns: rows (id, probability); the probability is among all 512 tokens
    """
    raise NotImplementedError("next_token_table: your code goes here")


def attention_of(model: Any, ids: Tensor, layer: int, head: int) -> Tensor:
    """Attention weights (T, T) of one head of one layer over `ids` (T,).

    Row i says how much position i reads from each position. Layers and heads count from 0.
    """
    raise NotImplementedError("attention_of: your code goes here")


def generate_manual(model: Any, ids: Tensor, n: int) -> Tensor:
    """Continue `ids` (T,) greedily by exactly `n` tokens, with a loop of your own.

    It does not stop at the end token. T + n <= 64. Do not call `model.generate`.
    Returns: (T + n,) int64, beginning with `ids`
    """
    raise NotImplementedError("generate_manual: your code goes here")
