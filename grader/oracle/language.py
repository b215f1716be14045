"""Bits per character on text that the model never saw, and the n-gram baselines to beat.

Scoring is prefix-only: a window's target never enters the box, so a model that looks at the
future gains nothing. Baselines are fitted here on the same training part and scored on the same
positions. "Converged" has its one definition here: `margin` below a baseline, `assert_converged`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from grader.oracle.values import Mismatch, assert_tensor, generator

SETTLED = 0.1
"""Share of the whole drop that the last fifth of the steps may still bring."""
DIVERGED = 0.15
"""Bits that the end may lie above the best point."""


class Split(NamedTuple):
    """A text as ids (N,) int64 under a secret numbering, cut in three."""

    train: Tensor
    a: Tensor
    """Held out, for curves while training goes on."""
    b: Tensor
    """Held out, for the score: the submission first meets it after training."""
    vocab_size: int


class Margin(NamedTuple):
    """Bits per character above a baseline on the same targets; below zero is better."""

    mean: float
    error: float
    """Standard error of the paired differences."""


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


def split_text(text: str, seed: int, held_out: float = 0.2) -> Split:
    """Number the characters at random, and hold a part out that starts at a random place.

    The secret numbering makes tables useless that a submission brings along.
    """
    symbols, rng = sorted(set(text)), generator(seed)
    numbers = torch.randperm(len(symbols), generator=rng).tolist()
    number = dict(zip(symbols, numbers, strict=True))
    ids = torch.tensor([number[c] for c in text])
    ids = ids.roll(-int(torch.randint(len(ids), (1,), generator=rng)))
    half = int(len(ids) * held_out / 2)
    return Split(ids[2 * half :], ids[:half], ids[half : 2 * half], len(symbols))


def training_windows(ids: Tensor, block: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Windows at random places: x (count, block) int64, and y, the same windows one id ahead."""
    starts = torch.randint(0, len(ids) - block, (count, 1), generator=generator(seed))
    grams = ids[starts + torch.arange(block + 1)]
    return grams[:, :-1].contiguous(), grams[:, 1:].contiguous()


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


def paired(bits: Tensor, baseline: Tensor) -> Margin:
    """The mean difference of two scores (M,) of the same targets, far surer than either score."""
    gap = bits - baseline
    return Margin(float(gap.mean()), float(gap.std() / len(gap) ** 0.5))


def margin(
    score: Callable[[Windows], Tensor], baseline: NGram, sets: Sequence[Windows], bar: float
) -> Margin:
    """How a model stands to a baseline, to be compared with `bar` (-0.1: better by 0.1 bits).

    Args:
        score  windows -> bits of each target, such as `bits_per_character` of a model
        sets   two sets of windows; the second is scored, and pooled with the first, only where
               the first leaves the bar within two standard errors
    """
    bits, base = score(sets[0]), baseline.bits(sets[0])
    found = paired(bits, base)
    if abs(found.mean - bar) > 2 * found.error:
        return found
    bits = torch.cat([bits, score(sets[1])])
    return paired(bits, torch.cat([base, baseline.bits(sets[1])]))


def assert_converged(
    curve: Sequence[float],
    what: str = "held-out bits per character",
    *,
    diverged: float = DIVERGED,
) -> None:
    """A curve of held-out bits fell, settled, and did not turn back.

    Args: curve, values at equal distances, from before the first step to after the last;
    diverged, how far the end may lie above the best point, in the curve's own unit.
    Raises: Mismatch, also where a value is not finite. Settled: the last fifth brought at most
    SETTLED of the whole drop. Not turned back: the end is at most `diverged` above the best.
    """
    if not all(math.isfinite(value) for value in curve):
        raise Mismatch(f"{what}: inf or nan on the way")
    start, late, end, best = curve[0], curve[round(0.8 * (len(curve) - 1))], curve[-1], min(curve)
    way = f"{what}: {start:.2f} at the start, {late:.2f} at 80 %, {end:.2f} at the end"
    if not end < start:
        raise Mismatch(f"{way}: nothing was learnt")
    if end > best + diverged:
        step = "lower the learning rate, at least towards the end"
        message = f"{way}, but {best:.2f} on the way: it got worse again"
        raise Mismatch(message, error=end - best, allowed=diverged, next_step=step)
    if late - end > SETTLED * (start - end):
        step = "raise the learning rate early and let it fade towards the last step"
        share = (late - end) / (start - end)
        message = f"{way}: {share:.0%} of the drop came in the last fifth, so it is not settled"
        raise Mismatch(message, error=share, allowed=SETTLED, next_step=step)
