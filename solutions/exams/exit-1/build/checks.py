"""Train once in one process; score what came out of it in others: see grader.oracle.train_once.

Points: 8 for a model within the rules of the source (a broken rule costs all), 8 for the model's
shape, causality and independence, 8 for a training that ends and settles, 16 for the loss.
"""

import math
from types import SimpleNamespace

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
    assert_tensor,
    assert_trained,
    bits_per_character,
    corpus,
    merit,
    other_ids,
    paired,
    revive,
    train_once,
    weight,
)
from grader.proxy import Refused

STEPS, BATCH, BLOCK = 1000, 32, 64
CURVE, SCORE = 2048, 3000
"""Held-out windows for a point of the curve, and for the score."""
BELOW = 0.15
"""Nats to stay below the bigram; each of STEPS_BELOW earns a point more."""
STEPS_BELOW = [round(BELOW + 0.03 * step, 2) for step in range(1, 11)]
NATS = math.log(2)
"""In a bit."""
UNIT = "nats per character"


@pytest.fixture(scope="module")
def text(seed):
    sizes = {"steps": STEPS, "batch": BATCH, "block": BLOCK, "curve": CURVE, "score": SCORE}
    return corpus(data.shakespeare().text, seed, **sizes, held_out=0.3)


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
def model(run, submission, text):
    """The trained model in a process of its own; a fresh one where training failed."""
    if run.error:
        return submission.make_model(text.vocab_size, BLOCK).eval()
    return revive(submission, run, text)


@pytest.fixture(scope="module")
def score(run, fresh, text):
    """Half B, each window once, each set in a process of its own: nats of the model and bigram."""
    if run.error:
        pytest.skip("training did not come to its end: see check_trains")
    found, again, fair = [], [], True
    for windows in text.b:
        with fresh() as submission:
            model = revive(submission, run, text)
            found.append(bits_per_character(model, windows, text.vocab_size) * NATS)
            first = Windows(windows.inputs[:200].flip(0), windows.targets[:200].flip(0))
            asked = bits_per_character(model, first, text.vocab_size).flip(0) * NATS
            again.append(float((asked - found[-1][:200]).abs().max()))
            try:
                assert_causal(model, *other_ids(text, 2), "model", atol=1e-4)
                assert_batch_independent(model, text.b[0].inputs[:4], "model", atol=1e-3)
            except Mismatch:
                fair = False
    nats = torch.cat(found)
    bigram = torch.cat([text.ngrams["bigram"].bits(windows) for windows in text.b]) * NATS
    gap = paired(nats, bigram)
    means = {"loss": float(nats.mean()), "bigram": float(bigram.mean())}
    return SimpleNamespace(**means, gap=gap, again=max(again), fair=fair)


@weight(8)
def check_model(submission, text):
    """Within the rules of the source, make_model gives a model of at most 2,000,000 numbers."""
    assert_makes_model(submission.make_model(text.vocab_size, BLOCK), text)


@weight(4)
def check_trains(run, text, record):
    """train comes to its end: one batch, one step and one finite loss, 1,000 times."""
    assert_trained(run, text, record)


@weight(4)
def check_converges(trained, text, record):
    """The curve of unseen text falls, settles, and does not turn back."""
    curve = {step: bits * NATS for step, bits in trained.held_out.items()}
    record.curve(
        title="Unseen text while training",
        x_label="step",
        y_label=UNIT,
        series={"your model": tuple(curve.items())},
        levels={name: float(each.bits(text.a).mean()) * NATS for name, each in text.ngrams.items()},
    )
    assert_converged(list(curve.values()), f"held-out {UNIT}", diverged=0.10)


@weight(2)
def check_shapes(model, text):
    """Ids (B, T) give finite float32 logits (B, T, V), for every T up to the block size."""
    for rows, length in ((1, 1), (2, 7), (3, 33), (BATCH, BLOCK)):
        idx = text.x[0, :rows, :length].contiguous()
        shape, name = (rows, length, text.vocab_size), f"model(idx ({rows}, {length}))"
        assert_tensor(model(idx), name, shape=shape, dtype=torch.float32)


@weight(2)
def check_future_is_hidden(model, text):
    """On real text, changing what comes later leaves earlier logits as they are, within 1e-4."""
    assert_causal(model, *other_ids(text, 2), "model", atol=1e-4)


def check_answers_do_not_leak(model, trained, text):
    """Unseen text: the right answer in the input is worth less than 0.10 nats to the model."""
    hidden, shown = [], []
    for cut, ids in zip(range(16, BLOCK, 6), text.b[1].inputs[:512].split(64), strict=True):
        windows = Windows(ids[:, :cut], ids[:, cut])
        hidden.append(bits_per_character(model, windows, text.vocab_size, len(ids)))
        whole = assert_tensor(model(ids), "model(idx)")[:, :cut]
        shown.append(bits_per_character(lambda _, x=whole: x, windows, text.vocab_size, len(ids)))
    gain = float((torch.cat(hidden) - torch.cat(shown)).mean()) * NATS
    if not gain < 0.10:
        message = f"it predicts {gain:.2f} nats better where the answer stands in the input"
        step = "hide the future before softmax, in training and in eval mode alike"
        raise Mismatch(message, error=gain, allowed=0.10, next_step=step)


def check_rows_are_independent(model, text):
    """A row alone gives the logits that it gives among others, within 1e-3."""
    assert_batch_independent(model, text.b[0].inputs[:4], "model", atol=1e-3)


def check_whole_window_is_read(model, text):
    """The oldest of 64 characters still moves the last logits."""
    assert_reads_whole_window(model, text)


def check_answers_alike(model, trained, text, score):
    """The state_dict() alone brings the model back; in any order and company it answers alike."""
    assert_state_is_all(model, trained, text)
    if not score.again < 1e-3:
        message = f"asked again, in other batches, an answer differs by {score.again:.3g} nats"
        step = "keep nothing from one call to the next"
        raise Mismatch(message, error=score.again, allowed=1e-3, next_step=step)


@weight(6)
def check_beats_bigram(score, record):
    """Unseen text: at least 0.15 nats per character below the bigram baseline."""
    bar = score.bigram - BELOW
    record.measure("your model on unseen text", score.loss, UNIT, bar, better="lower")
    record.measure("bigram on the same characters", score.bigram, UNIT)
    record.measure("standard error of the difference", score.gap.error, UNIT)
    assert_below(score, BELOW)


@merit
@pytest.mark.parametrize("below", STEPS_BELOW)
def check_further_below_bigram(score, below):
    """Unseen text: at least {below:.2f} nats per character below the bigram baseline."""
    assert_below(score, below)


def assert_below(score, below):
    if not score.fair:
        pytest.skip("no score for a model that sees the future, or the rows beside it")
    if not score.gap.mean <= -below:
        message = f"{score.loss:.3f} {UNIT}, the bigram has {score.bigram:.3f}"
        step = "go through your step line by line, then through the learning rate"
        raise Mismatch(message, error=-score.gap.mean, allowed=below, next_step=step)
