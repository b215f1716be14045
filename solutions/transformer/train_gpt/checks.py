"""Train once in one process; score what came out of it in others: see grader.oracle.train_once."""

import math

import pytest
import torch

from grader import data
from grader.oracle import (
    Mismatch,
    Windows,
    assert_batch_independent,
    assert_causal,
    assert_converged,
    assert_makes_model,
    assert_reads_whole_window,
    assert_state_is_all,
    assert_trained,
    bits_per_character,
    corpus,
    cross_entropy,
    margin,
    merit,
    other_ids,
    paired,
    revive,
    train_once,
    weight,
)
from grader.proxy import Refused

STEPS, BATCH, BLOCK = 600, 32, 64
CURVE, SCORE = 256, 2000
"""Held-out windows for a point of the curve, and for the score."""
BARS = {"bigram": -0.10, "trigram": -0.05}
"""Bits per character to stay below the baselines."""


@pytest.fixture(scope="module")
def text(seed):
    sizes = {"steps": STEPS, "batch": BATCH, "block": BLOCK, "curve": CURVE, "score": SCORE}
    return corpus(data.shakespeare().text, seed, **sizes)


@pytest.fixture(scope="module")
def run(fresh, text, record):
    """Train once. What goes wrong is kept: one check tells it, the others are skipped."""
    return train_once(fresh, text, record, Refused)


@pytest.fixture
def trained(run):
    if run.error:
        pytest.skip("training did not come to its end: see check_trains")
    return run


@pytest.fixture
def model(trained, submission, text):
    return revive(submission, trained, text)


def check_model(submission, text):
    """make_model gives a model from ids (B, T) to finite logits (B, T, V), at most 2M numbers."""
    assert_makes_model(submission.make_model(text.vocab_size, BLOCK), text)


@weight(2)
def check_trains(run, text, record):
    """train comes to its end: one batch, one step and one finite loss, 600 times."""
    assert_trained(run, text, record)


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
    assert_causal(model, *other_ids(text, 2), "model")


def check_rows_are_independent(model, text):
    """A row alone gives the logits that it gives among others."""
    assert_batch_independent(model, text.b[0].inputs[:4], "model")


def check_answers_alike(model, trained, text):
    """The state_dict() alone brings the trained model back, and it answers alike every time."""
    assert_state_is_all(model, trained, text)


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
    assert_reads_whole_window(model, text)


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
