"""Bits per character on text that the model never saw, and the n-gram baselines to beat.

Scoring is prefix-only: a window's target never enters the box, so a model that looks at the
future gains nothing. Baselines are fitted here on the same training part and scored on the same
positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader.oracle.values import assert_tensor, generator


@dataclass(frozen=True)
class Windows:
    """Contexts (M, block) int64 of held-out text, and what follows each: targets (M,) int64."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


class NGram:
    """Add-k n-gram over character ids: p(c | last n-1) = (count + k) / (total + k V)."""

    def __init__(self, ids: Tensor, vocab_size: int, n: int, k: float = 0.1) -> None:
        """Args: ids (N,) int64 training text; memory is V^n float64 values."""
        self.n, self.k, self.vocab_size = n, k, vocab_size
        keys = self._keys(torch.stack([ids[i : len(ids) - n + 1 + i] for i in range(n)], 1))
        self.counts = torch.bincount(keys, minlength=vocab_size**n).double().view(-1, vocab_size)

    def bits(self, windows: Windows) -> Tensor:
        """-log2 p(target | context) for each window: (M,) float64."""
        context = windows.inputs[:, windows.inputs.shape[1] - (self.n - 1) :]
        rows = (
            self.counts[self._keys(context)] if self.n > 1 else self.counts.expand(len(windows), -1)
        )
        hits = rows.gather(1, windows.targets[:, None])[:, 0]
        return -torch.log2((hits + self.k) / (rows.sum(1) + self.k * self.vocab_size))

    def _keys(self, grams: Tensor) -> Tensor:
        keys = torch.zeros(len(grams), dtype=torch.int64)
        for column in grams.unbind(1):
            keys = keys * self.vocab_size + column
        return keys


def held_out_windows(ids: Tensor, block: int, count: int, seed: int) -> Windows:
    """At most `count` windows of held-out text (N,) that do not overlap, in a secret order."""
    starts = torch.arange(0, len(ids) - block, block + 1)
    starts = starts[torch.randperm(len(starts), generator=generator(seed))[:count]]
    grams = torch.stack([ids[s : s + block + 1] for s in starts.tolist()])
    return Windows(grams[:, :-1].contiguous(), grams[:, -1].contiguous())


def bits_per_character(
    model: Callable[[Tensor], Any], windows: Windows, vocab_size: int, batch: int = 125
) -> Tensor:
    """-log2 of the model's probability of each target: (M,) float64.

    Only the logits of the last position count, and they are normalised here.
    Args: model, ids (B, T) int64 -> logits (B, T, V).
    Raises: Mismatch if the logits are no finite tensor of that shape; SubmissionError.
    """
    bits = []
    for start in range(0, len(windows), batch):
        ids, targets = (part[start : start + batch] for part in (windows.inputs, windows.targets))
        shape = (*ids.shape, vocab_size)
        logits = assert_tensor(model(ids), "the model's logits", shape=shape)
        log_p = torch.log_softmax(logits[:, -1].double(), -1)
        bits.append(-log_p.gather(1, targets[:, None])[:, 0] / math.log(2))
    return torch.cat(bits)
