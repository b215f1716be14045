"""Your 20 questions: layers and small networks, with sizes of your own.

The key is the module itself: built, called and counted. A misconception is another way to go over
its parameters, or another line of code that it takes the line for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

PRIMES = (3, 5, 7, 11, 13, 17)
NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
UNITS = {
    "parameters": "parameters",
    "buffers": "numbers in buffers",
    "bytes": "bytes to train it with AdamW in float32",
}
FLOATS = 4
"""Numbers that AdamW keeps for each parameter: itself, its gradient and two moments."""


def block(width: int, heads: int) -> nn.Module:
    """A transformer block: attention, an MLP of four times the width, two LayerNorms."""
    return nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True
    )


class GPT(nn.Module):
    """Token and position tables, blocks, a last LayerNorm, and a head without bias."""

    def __init__(self, vocab: int, context: int, width: int, heads: int, blocks: int, tied: bool):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(block(width, heads) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocab, bias=False)
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        places = self.places(torch.arange(ids.shape[1], device=ids.device))
        return self.head(self.norm(self.blocks(self.tokens(ids) + places)))


@dataclass(frozen=True)
class Question:
    """One module, what it is called on, and what is to be counted."""

    kind: str
    code: str
    given: tuple[int, ...]
    count: str

    @property
    def takes_ids(self) -> bool:
        return self.code.startswith(("nn.Embedding", "GPT"))

    def __str__(self) -> str:
        given = f"{'ids' if self.takes_ids else 'x'} of shape {self.given}"
        return f"{self.code}\n     on {given}; count: {UNITS[self.count]}"

    def answer(self, misconception: str = "") -> dict[str, Any]:
        """Shape and count as they stand in the answers file."""
        code = self.code
        if misconception == "one_direction":
            code = code.replace("bidirectional=True", "bidirectional=False")
        names = {"nn": nn, "GPT": GPT, "Block": block, "True": True, "False": False}
        # The initial weights do not matter; only that nobody else's random numbers move.
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            module = eval(code, names)
            x = torch.zeros(self.given, dtype=torch.int64 if self.takes_ids else torch.float32)
            out = module(x, x, x) if isinstance(module, nn.MultiheadAttention) else module(x)
        shape = list((out[0] if isinstance(out, tuple) else out).shape)
        return {"shape": shape, "count": _count(module, self.count, misconception)}

    @staticmethod
    def read(answer: Any) -> dict[str, Any]:
        """What a learner wrote, in the words of `answer`; None where a field is blank.

        Raises: ValueError with what is not legal.
        """
        if not isinstance(answer, dict) or set(answer) != {"shape", "count"}:
            raise ValueError("write {shape: [..], count: ..} with square brackets")
        return {"shape": _shape(answer["shape"]), "count": _whole(answer["count"])}


def _count(module: nn.Module, what: str, misconception: str) -> int:
    buffers = sum(each.numel() for each in module.buffers())
    if what == "buffers":
        return buffers
    twice = misconception == "tied_twice"
    total = sum(
        _weight(owner, name, misconception) * each.numel()
        for path, each in module.named_parameters(remove_duplicate=not twice)
        for owner, name in [_owner(module, path)]
    )
    total += buffers if misconception == "buffers_are_parameters" else 0
    return total * FLOATS * 4 if what == "bytes" else total


def _owner(module: nn.Module, path: str) -> tuple[list[nn.Module], str]:
    """The modules that a parameter stands in, from the outermost, and its own name."""
    *inside, name = path.split(".")
    owners = [module.get_submodule(".".join(inside[:i])) for i in range(len(inside) + 1)]
    return owners, name


def _weight(owners: list[nn.Module], name: str, misconception: str) -> int:
    """How often a misconception counts a parameter."""
    norm = isinstance(owners[-1], NORMS)
    attention = [each for each in owners if isinstance(each, nn.MultiheadAttention)]
    if misconception == "no_bias" and "bias" in name and not norm:
        return 0
    if misconception == "norm_counted_once" and norm and name == "bias":
        return 0
    if misconception == "one_recurrent_bias" and name.startswith("bias_hh"):
        return 0
    if misconception == "attention_per_head" and attention:
        return attention[0].num_heads
    return 1


def _shape(value: Any) -> list[int] | None:
    """[3, 5], also where it is written as the text "(3, 5)"."""
    if isinstance(value, str) and re.fullmatch(r"[\[(][\d, ]*[\])]", value):
        value = [int(size) for size in re.findall(r"\d{1,9}", value)]
    if value is None or (isinstance(value, list) and all(type(size) is int for size in value)):
        return value
    raise ValueError("shape is a list of whole numbers such as [3, 5]")


def _whole(value: Any) -> int | None:
    """12345, also where it is written as the text "12,345"."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}([ ,_]?\d{3}){0,4}", value):
        value = int(re.sub(r"\D", "", value))
    if value is None or type(value) is int:
        return value
    raise ValueError("count is a whole number such as 12345")


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """20 questions, q01 to q20, from one layer to a small GPT."""
    return {
        f"q{i:02}": _fill(kind, *each, rng) for i, (kind, each) in enumerate(TEMPLATES.items(), 1)
    }


def _fill(kind: str, code: str, given: str, count: str, rng: np.random.Generator) -> Question:
    m, n, k, p = (int(size) for size in rng.choice(PRIMES, 4, replace=False))
    heads = int(rng.choice([2, 3, 5]))
    holes = {"m": m, "n": n, "k": k, "p": p, "heads": heads}
    holes |= {"width": heads * int(rng.choice([4, 6, 8])), "blocks": int(rng.choice([2, 3]))}
    holes |= {"vocab": int(rng.choice([31, 61, 97])), "context": int(rng.choice([19, 23, 29]))}
    holes |= {"side": int(rng.choice([16, 20, 28, 33])), "kernel": int(rng.choice([3, 5]))}
    shape = tuple(int(size) for size in given.format(**holes).split())
    return Question(kind, code.format(**holes), shape, count)


GPT_CODE = "GPT(vocab={vocab}, context={context}, width={width}, heads={heads}, blocks={blocks}, "
TEMPLATES = {
    "linear": ("nn.Linear({n}, {m})", "{p} {k} {n}", "parameters"),
    "embedding": ("nn.Embedding({vocab}, {m})", "{p} {k}", "parameters"),
    "dropout": ("nn.Dropout(0.{m})", "{p} {k}", "parameters"),
    "layernorm": ("nn.LayerNorm({n})", "{p} {k} {n}", "parameters"),
    "batchnorm": ("nn.BatchNorm1d({n})", "{p} {n}", "parameters"),
    "batchnorm_buffers": ("nn.BatchNorm2d({n})", "{p} {n} {side} {side}", "buffers"),
    "two_layer_mlp": (
        "nn.Sequential(nn.Linear({n}, {m}), nn.ReLU(), nn.Linear({m}, {k}))",
        "{p} {n}",
        "parameters",
    ),
    "mlp": (
        "nn.Sequential(nn.Linear(20, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3), "
        "nn.Linear(128, {vocab}), nn.BatchNorm1d({vocab}), nn.ReLU(), nn.Dropout(0.3), "
        "nn.Linear({vocab}, {m}))",
        "{p} 20",
        "parameters",
    ),
    "conv": (
        "nn.Conv2d({m}, {n}, kernel_size={kernel}, stride=2, padding=1)",
        "{p} {m} {side} {side}",
        "parameters",
    ),
    "conv_block": (
        "nn.Sequential(nn.Conv2d({m}, {n}, 3, padding=1, bias=False), nn.BatchNorm2d({n}), "
        "nn.ReLU(), nn.MaxPool2d(2))",
        "{p} {m} {side} {side}",
        "parameters",
    ),
    "lstm": ("nn.LSTM({m}, {n}, batch_first=True)", "{p} {k} {m}", "parameters"),
    "lstm_both": (
        "nn.LSTM({m}, {n}, batch_first=True, bidirectional=True)",
        "{p} {k} {m}",
        "parameters",
    ),
    "gru_both": (
        "nn.GRU({m}, {n}, batch_first=True, bidirectional=True)",
        "{p} {k} {m}",
        "parameters",
    ),
    "lstm_deep": (
        "nn.LSTM({m}, {n}, num_layers=2, batch_first=True, bidirectional=True)",
        "{p} {k} {m}",
        "parameters",
    ),
    "attention": (
        "nn.MultiheadAttention({width}, {heads}, batch_first=True)",
        "{p} {k} {width}",
        "parameters",
    ),
    "block": ("Block(width={width}, heads={heads})", "{p} {k} {width}", "parameters"),
    "gpt": (GPT_CODE + "tied=False)", "{p} {k}", "parameters"),
    "gpt_tied": (GPT_CODE + "tied=True)", "{p} {k}", "parameters"),
    "gpt_tied_again": (GPT_CODE + "tied=True)", "{p} {k}", "parameters"),
    "gpt_bytes": (GPT_CODE + "tied=True)", "{p} {k}", "bytes"),
}
