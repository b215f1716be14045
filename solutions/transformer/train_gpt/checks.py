"""Train once in one process; score what came out of it in others.

The training process sees batches, and windows of half A for the curve. Half B is first sent after
training, to a fresh process that holds nothing but the trained state_dict().
"""

import itertools
import math
import time
from dataclasses import dataclass, field

import pytest
import torch
import torch.nn.functional as F

from grader import data
from grader.oracle import (
    Mismatch,
    NGram,
    Windows,
    assert_batch_independent,
    assert_causal,
    assert_close,
    assert_converged,
    assert_equal,
    assert_tensor,
    bits_per_character,
    held_out_windows,
    margin,
    merit,
    paired,
    split_text,
    training_windows,
    weight,
)
from grader.proxy import Refused, SubmissionEnded

STEPS, BATCH, BLOCK = 600, 32, 64
LARGEST = 2_000_000
"""Numbers in state_dict()."""
CURVE, SCORE = 256, 2000
"""Held-out windows for a point of the curve, and for the score."""
BARS = {"bigram": -0.10, "trigram": -0.05}
"""Bits per character to stay below the baselines."""


@dataclass(frozen=True)
class Text:
    """What the grader owns: held-out windows, batches, baselines."""

    a: Windows
    b: tuple[Windows, Windows]
    x: torch.Tensor
    y: torch.Tensor
    """Batches (STEPS + 1, BATCH, BLOCK); the last one is never handed out."""
    vocab_size: int
    ngrams: dict[str, NGram]


@dataclass
class Run:
    """What training left behind; all numbers but `reported` are the grader's."""

    reported: list[float] = field(default_factory=list)
    batches: int = 0
    seconds: float = 0
    held_out: dict[int, float] = field(default_factory=dict)
    """Step -> bits per character on half A."""
    logits: dict[int, torch.Tensor] = field(default_factory=dict)
    """Step -> logits of that step's batch, just before the step, as the model trains."""
    loss: dict[int, float] = field(default_factory=dict)
    """Step -> cross-entropy of those logits, in nats."""
    state: dict[str, torch.Tensor] = field(default_factory=dict)
    answer: torch.Tensor | None = None
    """To the first windows of A, when training was over."""
    error: BaseException | None = None


@pytest.fixture(scope="module")
def text(seed):
    split = split_text(data.shakespeare().text, seed)
    x, y = training_windows(split.train, BLOCK, (STEPS + 1) * BATCH, seed)
    names = ("unigram", "bigram", "trigram")
    return Text(
        a=held_out_windows(split.a, BLOCK, CURVE, seed),
        b=tuple(held_out_windows(split.b[s:], BLOCK, SCORE, seed) for s in (0, BLOCK // 2)),
        x=x.view(-1, BATCH, BLOCK),
        y=y.view(-1, BATCH, BLOCK),
        vocab_size=split.vocab_size,
        ngrams={name: NGram(split.train, split.vocab_size, n) for n, name in enumerate(names, 1)},
    )


@pytest.fixture(scope="module")
def run(fresh, text, record):
    """Train once. What goes wrong is kept: one check tells it, the others are skipped."""
    run = Run()
    try:
        with fresh() as submission:
            follow(submission, text, run, record)
    except (Exception, SubmissionEnded) as error:
        run.error = error
    return run


@pytest.fixture
def trained(run):
    if run.error:
        pytest.skip("training did not come to its end: see check_trains")
    return run


@pytest.fixture
def model(trained, submission, text):
    return revive(submission, trained, text)


def revive(submission, run, text):
    """The trained model, in a process that took no part in training."""
    # A first model uses up random numbers: what is not in the state comes back different.
    submission.make_model(text.vocab_size, BLOCK)
    model = submission.make_model(text.vocab_size, BLOCK)
    model.load_state_dict(run.state)
    return model.eval()


def follow(submission, text, run, record):
    """Let the submission train, and look at its model at every tenth of the way."""

    def get_batch():
        if run.batches == STEPS:
            raise Refused(f"there are {STEPS} batches, one for each step, and you took them all")
        run.batches += 1
        return text.x[run.batches - 1], text.y[run.batches - 1]

    model = submission.make_model(text.vocab_size, BLOCK)
    look(model, text, run, 0)
    losses = submission.train(model, get_batch, STEPS)
    if losses is None:
        raise Mismatch("train returned None", next_step="make it a generator: yield each loss")
    losses = iter(losses)
    for step in itertools.count(1):
        began = time.monotonic()
        more = list(itertools.islice(losses, 1))
        run.seconds += time.monotonic() - began
        if not more:
            break
        run.reported.append(number(more[0], step))
        record.step(step, STEPS, run.reported[-1])
        if step > STEPS or run.batches != step:
            message = f"after {step} yields train had taken {run.batches} batches of {STEPS}"
            raise Mismatch(message, next_step="take one batch, do one step, yield one loss")
        if step % (STEPS // 10) == 0 and step < STEPS:
            look(model, text, run, step)
    if len(run.reported) < STEPS:
        raise Mismatch(f"train yielded {len(run.reported)} losses, {STEPS} steps were asked for")
    look(model, text, run, STEPS)
    run.answer = model.eval()(text.a.inputs[:8])
    run.state = model.state_dict()


def number(loss, step):
    """A yielded loss as a float. Raises: Mismatch if it is none, or not finite."""
    try:
        value = float(loss)
    except (TypeError, ValueError, RuntimeError):
        raise Mismatch(f"step {step}: what train yielded is no number") from None
    if not math.isfinite(value):
        advice = "lower the learning rate, warm it up, and clip the norm of the gradients"
        raise Mismatch(f"diverged: the loss of step {step} is {value}", next_step=advice)
    return value


def look(model, text, run, step):
    """Held-out bits in eval mode, and the next batch in training mode, dropout included."""
    bits = bits_per_character(model.eval(), text.a, text.vocab_size)
    run.held_out[step] = float(bits.mean())
    shape = (BATCH, BLOCK, text.vocab_size)
    run.logits[step] = assert_tensor(model.train()(text.x[step]), "model(x)", shape=shape)
    run.loss[step] = cross_entropy(run.logits[step], text.y[step])


def cross_entropy(logits, targets):
    return float(F.cross_entropy(logits.flatten(0, 1).double(), targets.flatten()))


def check_model(submission, text):
    """make_model gives a model from ids (B, T) to finite logits (B, T, V), at most 2M numbers."""
    model = submission.make_model(text.vocab_size, BLOCK)
    for idx in (text.x[0], text.x[0, :3, :5].contiguous()):
        shape = (*idx.shape, text.vocab_size)
        assert_tensor(model(idx), f"model(idx {tuple(idx.shape)})", shape=shape)
    size = sum(value.numel() for value in model.state_dict().values())
    if size > LARGEST:
        raise Mismatch(f"state_dict() holds {size:,} numbers", error=size, allowed=LARGEST)


@weight(2)
def check_trains(run, record):
    """train comes to its end: one batch, one step and one finite loss, 600 times."""
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
    record.measure("steps", STEPS)
    speed = STEPS * BATCH * BLOCK / run.seconds
    record.measure("training speed by the clock, on this machine", speed, "characters per second")


@weight(2)
def check_training_loss_falls(trained, text):
    """The loss on training batches, measured by the grader, falls by a quarter or more."""
    first, last = trained.loss[0], trained.loss[STEPS]
    if not last <= 0.75 * first:
        refuse(f"the training loss went from {first:.2f} to {last:.2f} nats", trained, text)


def check_reported_losses(trained, text):
    """The losses that train yields are the mean cross-entropies, in nats, of the steps' batches."""
    # Both in training mode, so dropout raises both alike. Over nine steps its noise, and taking
    # the loss after the step instead of before, come to a few hundredths.
    steps = [step for step in trained.loss if 0 < step < STEPS]
    ours = sum(trained.loss[step] for step in steps) / len(steps)
    theirs = sum(trained.reported[step] for step in steps) / len(steps)
    if not abs(theirs - ours) <= 0.3:
        message = f"you report {theirs:.2f} where the model's loss is {ours:.2f} nats"
        refuse(message, trained, text)


@weight(2)
def check_converges(trained, text, record):
    """The held-out curve falls, settles, and does not turn back."""
    record.curve(
        title="Unseen text while training",
        x_label="step",
        y_label="bits per character",
        series={"your model": tuple(trained.held_out.items())},
        levels={name: float(each.bits(text.a).mean()) for name, each in text.ngrams.items()},
    )
    assert_converged(list(trained.held_out.values()))


@weight(2)
def check_future_is_hidden(model, text):
    """On real text, changing what comes later leaves earlier logits equal to the bit."""
    x, other = text.b[0].inputs[:2], text.b[0].inputs[2:4]
    changed = torch.where(other == x, (x + 1) % text.vocab_size, other)
    assert_causal(model, x, changed, "model")


def check_rows_are_independent(model, text):
    """A row alone gives the logits that it gives among others."""
    assert_batch_independent(model, text.b[0].inputs[:4], "model")


def check_answers_alike(model, trained, text):
    """The state_dict() alone brings the trained model back, and it answers alike every time."""
    idx = text.a.inputs[:8]
    first = assert_tensor(model(idx), "model(idx)")
    assert_equal(model(idx), first, "model(idx) in eval mode, asked again")
    assert_close(
        first,
        assert_tensor(trained.answer, "model(idx)"),
        "a fresh model with your state_dict()",
        rtol=1e-4,
        atol=1e-4,
        next_step="register all that the model learns, and build nothing at random beside it",
    )


@weight(2)
def check_order_matters(model, text):
    """Unseen text: swapping the two characters before the last one costs 0.1 bits or more."""
    inputs, targets = text.b[0].inputs[:500], text.b[0].targets[:500]
    swapped = inputs.clone()
    swapped[:, [-3, -2]] = inputs[:, [-2, -3]]
    plain, mixed = (
        bits_per_character(model, Windows(ids, targets), text.vocab_size)
        for ids in (inputs, swapped)
    )
    cost = paired(mixed, plain).mean
    if not cost >= 0.1:
        message = f"swapping the two characters before the last one costs {cost:.2f} bits"
        step = "the last character alone is used: check the positions, then zero_grad and the rate"
        raise Mismatch(message, error=cost, allowed=0.1, next_step=step)


def check_whole_window_is_read(model, text):
    """The oldest of 64 characters still moves the last logits."""
    idx = text.b[0].inputs[:32]
    changed = idx.clone()
    changed[:, 0] = (changed[:, 0] + 1) % text.vocab_size
    gap = float((model(changed)[:, -1] - model(idx)[:, -1]).abs().max())
    if not gap > 1e-6:
        raise Mismatch("another first character leaves the last logits alone", error=gap)


@weight(4)
def check_beats_bigram(trained, text, record, fresh):
    """Unseen text: at least 0.10 bits per character below the bigram baseline."""
    assert_beats("bigram", trained, text, record, fresh)


@merit
@weight(3)
def check_beats_trigram(trained, text, record, fresh):
    """Unseen text: at least 0.05 bits per character below the trigram baseline."""
    assert_beats("trigram", trained, text, record, fresh)


def assert_beats(name, run, text, record, fresh):
    """Score half B, each set of windows in a process of its own, paired with the baseline."""
    scored = []

    def score(windows):
        with fresh() as submission:
            model = revive(submission, run, text)
            scored.append(bits_per_character(model, windows, text.vocab_size))
        return scored[-1]

    found = margin(score, text.ngrams[name], text.b, BARS[name])
    bits, unit = float(torch.cat(scored).mean()), "bits per character"
    base = bits - found.mean
    record.measure("your model on unseen text", bits, unit, base + BARS[name], better="lower")
    record.measure(f"{name} on the same characters", base, unit)
    record.measure("standard error of the difference", found.error, unit)
    if not found.mean < BARS[name]:
        refuse(f"{bits:.3f} bits per character, the {name} has {base:.3f}", run, text)


def refuse(message, run, text):
    named, next_step = diagnosis(run, text)
    raise Mismatch(f"{message}; {named}" if named else message, next_step=next_step)


def diagnosis(run, text):
    """(what the numbers show or nothing, the next step). All but the reported loss is measured."""
    logits, loss, x, y = run.logits[STEPS], run.loss[STEPS], text.x[STEPS], text.y[STEPS]
    told = sum(run.reported[-20:]) / 20
    seen, unseen = loss / math.log(2), run.held_out[STEPS]
    if cross_entropy(logits, x) < 0.5 * loss:
        named = f"targets not shifted: the loss you report is {told:.2f}, for copying the input"
        return named, "compare the logits with y, which is x one character ahead"
    if cross_entropy(logits[:, :-1], y[:, 1:]) < loss - 0.5:
        named = "targets shifted twice: the model predicts the character after the next"
        return named, "y is one character ahead of x already: use it as it is"
    if seen < unseen - 1:
        named = f"sees the future: {seen:.2f} bits where the answer stands in the input"
        return named, "hide the future before softmax, with a causal mask"
    if abs(cross_entropy(logits.softmax(-1), y) - told) < 0.1 < abs(loss - told):
        named = "softmax twice: your loss is that of probabilities taken for logits"
        return named, "give cross_entropy the raw logits"
    if abs(loss - told * math.log(2)) < 0.1 < abs(loss - told):
        return "your loss is in bits", "yield what cross_entropy returns, which is in nats"
    if abs(loss - run.loss[0]) < 0.1:
        named = "the model did not change"
        return named, "call backward() and then step(), and look at the learning rate"
    return "", "go through your step line by line, then try a higher rate that warms up and fades"
