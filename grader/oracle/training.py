"""Train a language model once, watched by the grader, and score it in other processes.

The training process sees batches, and windows of half A for the curve. Half B is first sent after
training, to a fresh process that holds nothing but the trained state_dict().
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.oracle.language import (
    NGram,
    Windows,
    bits_per_character,
    held_out_windows,
    split_text,
    training_windows,
)
from grader.oracle.values import Mismatch, assert_close, assert_equal, assert_tensor

LARGEST = 2_000_000
"""Numbers in state_dict()."""
BASELINES = ("unigram", "bigram", "trigram")


@dataclass(frozen=True)
class Corpus:
    """What the grader owns of a training: batches, held-out windows, baselines."""

    x: Tensor
    y: Tensor
    """Batches (steps + 1, batch, block) int64, y one id ahead; the last is never handed out."""
    a: Windows
    """Half A, for the curve."""
    b: tuple[Windows, Windows]
    """Half B, for the score, in two sets: the windows of a set do not overlap."""
    vocab_size: int
    ngrams: dict[str, NGram]

    @property
    def steps(self) -> int:
        return len(self.x) - 1

    @property
    def block(self) -> int:
        return self.x.shape[2]


@dataclass
class Run:
    """What a training left behind; all numbers but `reported` are the grader's."""

    reported: list[float] = field(default_factory=list)
    batches: int = 0
    seconds: float = 0
    held_out: dict[int, float] = field(default_factory=dict)
    """Step -> bits per character on half A."""
    logits: dict[int, Tensor] = field(default_factory=dict)
    """Step -> logits of that step's batch, just before the step, as the model trains."""
    loss: dict[int, float] = field(default_factory=dict)
    """Step -> cross-entropy of those logits, in nats."""
    state: dict[str, Tensor] = field(default_factory=dict)
    answer: Tensor | None = None
    """To the first windows of A, when training was over."""
    error: BaseException | None = None


def corpus(
    text: str,
    seed: int,
    *,
    steps: int,
    batch: int,
    block: int,
    curve: int,
    score: int,
    held_out: float = 0.2,
) -> Corpus:
    """Cut a text up: what a training gets to see, and the share that is held out.

    Args: curve, score, the number of windows for a point of the curve, and in each set of half B;
    fewer where the text is too short.
    """
    split = split_text(text, seed, held_out)
    x, y = training_windows(split.train, block, (steps + 1) * batch, seed)
    return Corpus(
        x=x.view(-1, batch, block),
        y=y.view(-1, batch, block),
        a=held_out_windows(split.a, block, curve, seed),
        b=(
            held_out_windows(split.b, block, score, seed),
            held_out_windows(split.b[block // 2 :], block, score, seed),
        ),
        vocab_size=split.vocab_size,
        ngrams={
            name: NGram(split.train, split.vocab_size, n) for n, name in enumerate(BASELINES, 1)
        },
    )


def train_once(
    fresh: Callable[[], AbstractContextManager[Any]],
    corpus: Corpus,
    record: Any,
    refused: Callable[[str], Exception],
) -> Run:
    """Let a submission train in a process of its own, and look at its model at every tenth.

    What goes wrong is kept in `error`, for one check to tell: see `assert_trained`.
    Args:
        fresh    opens a process with the submission: make_model(vocab_size, block), and
                 train(model, get_batch, steps), which yields a loss for each step
        record   is told of each step: `record.step(done, total, loss)`
        refused  the exception that tells the submission that there are no more batches
    """
    run = Run()
    try:
        with fresh() as submission:
            _follow(submission, corpus, run, record, refused)
    except Exception as error:
        run.error = error
    return run


def _follow(
    submission: Any,
    corpus: Corpus,
    run: Run,
    record: Any,
    refused: Callable[[str], Exception],
) -> None:
    steps = corpus.steps

    def get_batch() -> tuple[Tensor, Tensor]:
        if run.batches == steps:
            raise refused(f"there are {steps} batches, one for each step, and you took them all")
        run.batches += 1
        return corpus.x[run.batches - 1], corpus.y[run.batches - 1]

    model = submission.make_model(corpus.vocab_size, corpus.block)
    _look(model, corpus, run, 0)
    losses = submission.train(model, get_batch, steps)
    if losses is None:
        raise Mismatch("train returned None", next_step="make it a generator: yield each loss")
    losses = iter(losses)
    for step in itertools.count(1):
        began = time.monotonic()
        more = list(itertools.islice(losses, 1))
        run.seconds += time.monotonic() - began
        if not more:
            break
        run.reported.append(_number(more[0], step))
        record.step(step, steps, run.reported[-1])
        if step > steps or run.batches != step:
            message = f"after {step} yields train had taken {run.batches} batches of {steps}"
            raise Mismatch(message, next_step="take one batch, do one step, yield one loss")
        if step % (steps // 10) == 0 and step < steps:
            _look(model, corpus, run, step)
    if len(run.reported) < steps:
        raise Mismatch(f"train yielded {len(run.reported)} losses, {steps} steps were asked for")
    _look(model, corpus, run, steps)
    run.answer = model.eval()(corpus.a.inputs[:8])
    run.state = model.state_dict()


def _number(loss: Any, step: int) -> float:
    """A yielded loss as a float. Raises: Mismatch if it is none, or not finite."""
    try:
        value = float(loss)
    except (TypeError, ValueError, RuntimeError):
        raise Mismatch(f"step {step}: what train yielded is no number") from None
    if not math.isfinite(value):
        advice = "lower the learning rate, warm it up, and clip the norm of the gradients"
        raise Mismatch(f"diverged: the loss of step {step} is {value}", next_step=advice)
    return value


def _look(model: Any, corpus: Corpus, run: Run, step: int) -> None:
    """Held-out bits in eval mode, and the next batch in training mode, dropout included."""
    bits = bits_per_character(model.eval(), corpus.a, corpus.vocab_size)
    run.held_out[step] = float(bits.mean())
    shape = (*corpus.x[step].shape, corpus.vocab_size)
    run.logits[step] = assert_tensor(model.train()(corpus.x[step]), "model(x)", shape=shape)
    run.loss[step] = cross_entropy(run.logits[step], corpus.y[step])


def cross_entropy(logits: Tensor, targets: Tensor) -> float:
    """The mean over all positions, in nats: logits (B, T, V), targets (B, T)."""
    return float(F.cross_entropy(logits.flatten(0, 1).double(), targets.flatten()).detach())


def revive(submission: Any, run: Run, corpus: Corpus) -> Any:
    """The trained model in eval mode, in a process that took no part in training."""
    # A first model uses up random numbers: what is not in the state comes back different.
    submission.make_model(corpus.vocab_size, corpus.block)
    model = submission.make_model(corpus.vocab_size, corpus.block)
    model.load_state_dict(run.state)
    return model.eval()


def assert_trained(run: Run, corpus: Corpus, record: Any) -> None:
    """Training came to its end. Records its curve and speed. Raises: what went wrong in it."""
    told = enumerate(run.reported, 1)
    record.curve(
        title="Training loss",
        x_label="step",
        y_label="nats per character",
        series={
            "reported by your code": tuple((step, loss) for step, loss in told if step % 4 == 1),
            "measured by the grader": tuple(run.loss.items()),
        },
    )
    if run.error:
        raise run.error
    record.measure("steps", corpus.steps)
    speed = corpus.x[1:].numel() / run.seconds
    record.measure("training speed by the clock, on this machine", speed, "characters per second")


def assert_makes_model(model: Any, corpus: Corpus) -> None:
    """Ids (B, T) to finite logits (B, T, V), also for a short T; at most LARGEST numbers."""
    for idx in (corpus.x[0], corpus.x[0, :3, :5].contiguous()):
        shape = (*idx.shape, corpus.vocab_size)
        assert_tensor(model(idx), f"model(idx {tuple(idx.shape)})", shape=shape)
    size = sum(value.numel() for value in model.state_dict().values())
    if size > LARGEST:
        raise Mismatch(f"state_dict() holds {size:,} numbers", error=size, allowed=LARGEST)


def assert_state_is_all(model: Any, run: Run, corpus: Corpus) -> None:
    """A revived model answers as the trained one did, and the same every time."""
    idx = corpus.a.inputs[:8]
    first = assert_tensor(model(idx), "model(idx)")
    assert_equal(model(idx), first, "model(idx) in eval mode, asked again")
    assert_close(
        first,
        assert_tensor(run.answer, "model(idx)"),
        "a fresh model with your state_dict()",
        rtol=1e-4,
        atol=1e-4,
        next_step="register all that the model learns, and build nothing at random beside it",
    )


def assert_reads_whole_window(model: Any, corpus: Corpus) -> None:
    """Another first character moves the last logits."""
    idx = corpus.b[0].inputs[:32]
    changed = idx.clone()
    changed[:, 0] = (changed[:, 0] + 1) % corpus.vocab_size
    gap = float((model(changed)[:, -1] - model(idx)[:, -1]).abs().max())
    if not gap > 1e-6:
        raise Mismatch("another first character leaves the last logits alone", error=gap)


def other_ids(corpus: Corpus, rows: int) -> tuple[Tensor, Tensor]:
    """Two stretches (rows, block) of unseen text that differ at every place."""
    x, other = corpus.b[0].inputs[: 2 * rows].chunk(2)
    return x, torch.where(other == x, (x + 1) % corpus.vocab_size, other)
