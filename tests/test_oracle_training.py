"""Train once, measured by the grader: what is watched, what is kept, what is refused."""

from __future__ import annotations

import math
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from grader.oracle import (
    Mismatch,
    Run,
    assert_batch_independent,
    assert_causal,
    assert_converged,
    assert_makes_model,
    assert_reads_whole_window,
    assert_state_is_all,
    assert_trained,
    corpus,
    cross_entropy,
    other_ids,
    revive,
    train_once,
)

STEPS = 20
CORPUS = corpus(
    "the cat sat on the mat. " * 60, 1, steps=STEPS, batch=4, block=8, curve=12, score=16
)


class Mean(nn.Module):
    """The mean of the characters so far, read by a linear layer."""

    def __init__(self, vocab_size, block_size):
        super().__init__()
        self.token, self.head = nn.Embedding(vocab_size, 8), nn.Linear(8, vocab_size)

    def forward(self, idx):
        count = torch.arange(1, idx.shape[1] + 1)[:, None]
        logits = self.head(self.token(idx).cumsum(1) / count)
        return logits if self.training else logits.detach()


class Sound:
    """A submission, in this process."""

    make_model = Mean

    def train(self, model, get_batch, steps):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(steps):
            x, y = get_batch()
            loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()


class Trains(Sound):
    def __init__(self, train):
        self.train = train


class Record:
    def __init__(self):
        self.steps, self.curves, self.measures = [], [], {}

    def step(self, done, total, loss):
        self.steps.append((done, total, loss))

    def curve(self, **fields):
        self.curves.append(fields)

    def measure(self, name, value, unit=""):
        self.measures[name] = value


class NoMoreError(Exception):
    pass


def trained(submission, record=None):
    @contextmanager
    def fresh():
        torch.manual_seed(0)
        yield submission

    return train_once(fresh, CORPUS, record or Record(), NoMoreError)


@pytest.fixture(scope="module")
def run():
    return trained(Sound())


# corpus


def test_a_corpus_has_one_batch_more_than_there_are_steps():
    assert (CORPUS.steps, CORPUS.block) == (STEPS, 8)
    assert CORPUS.x.shape == CORPUS.y.shape == (STEPS + 1, 4, 8)
    assert torch.equal(CORPUS.x[:, :, 1:], CORPUS.y[:, :, :-1])
    assert set(CORPUS.ngrams) == {"unigram", "bigram", "trigram"}


def test_the_two_sets_of_half_b_begin_half_a_window_apart():
    lengths = {len(CORPUS.a), *(len(windows) for windows in CORPUS.b)}
    assert lengths <= {12, 15, 16}
    first, second = (set(map(tuple, windows.inputs.tolist())) for windows in CORPUS.b)
    assert first != second


def test_a_larger_share_can_be_held_out():
    text = "the cat sat on the mat. " * 60
    sizes = {"steps": 2, "batch": 1, "block": 8, "curve": 999, "score": 999}
    few, many = (corpus(text, 1, **sizes, held_out=share) for share in (0.2, 0.4))
    assert len(many.a) == pytest.approx(2 * len(few.a), abs=2)


def test_other_ids_differ_at_every_place():
    x, other = other_ids(CORPUS, 3)
    assert x.shape == other.shape == (3, 8)
    assert bool((x != other).all()) and int(other.max()) < CORPUS.vocab_size


# train_once


def test_a_training_gets_the_batches_in_order_and_is_looked_at_every_tenth(run):
    assert run.error is None and run.batches == STEPS and len(run.reported) == STEPS
    assert list(run.held_out) == list(run.loss) == list(range(0, STEPS + 1, 2))
    assert run.held_out[STEPS] < run.held_out[0] - 0.1
    assert set(run.state) == {"token.weight", "head.weight", "head.bias"}


def test_the_grader_measures_the_loss_that_an_honest_submission_reports(run):
    for step in range(0, STEPS, 2):
        assert run.loss[step] == pytest.approx(run.reported[step], abs=1e-5)
        assert cross_entropy(run.logits[step], CORPUS.y[step]) == run.loss[step]


def test_the_steps_are_told_while_they_are_done(run):
    record = Record()
    assert trained(Sound(), record).reported == run.reported
    assert record.steps == [(n, STEPS, loss) for n, loss in enumerate(run.reported, 1)]


def one_batch_too_many(model, get_batch, steps):
    for _ in range(steps):
        get_batch()
        yield 1.0
    get_batch()


def two_batches(model, get_batch, steps):
    for _ in range(steps):
        get_batch()
        get_batch()
        yield 1.0


def yields(value, count=STEPS):
    def train(model, get_batch, steps):
        for _ in range(count):
            get_batch()
            yield value

    return train


@pytest.mark.parametrize(
    ("train", "kind", "reason"),
    [
        (one_batch_too_many, NoMoreError, "there are 20 batches"),
        (two_batches, Mismatch, "after 1 yields train had taken 2 batches"),
        (yields(1.0, 7), Mismatch, "yielded 7 losses, 20 steps"),
        (yields(math.nan), Mismatch, "diverged: the loss of step 1 is nan"),
        (yields("1.0 nats"), Mismatch, "is no number"),
        (lambda *_: None, Mismatch, "train returned None"),
        (lambda *_: 1 / 0, ZeroDivisionError, "division"),
    ],
    ids=["one too many", "two a step", "too few", "nan", "a text", "none", "raises"],
)
def test_what_goes_wrong_in_training_is_kept_for_one_check_to_tell(train, kind, reason):
    run = trained(Trains(train))
    assert not run.state
    with pytest.raises(kind, match=reason):
        assert_trained(run, CORPUS, Record())


def test_a_training_that_ended_leaves_its_curve_and_its_speed(run):
    record = Record()
    assert_trained(run, CORPUS, record)
    (curve,) = record.curves
    assert curve["series"]["measured by the grader"] == tuple(run.loss.items())
    assert [step for step, _ in curve["series"]["reported by your code"]] == [1, 5, 9, 13, 17]
    assert record.measures["steps"] == STEPS
    speed = record.measures["training speed by the clock, on this machine"]
    assert speed == pytest.approx(STEPS * 4 * 8 / run.seconds)


# claims about a model


def test_a_revived_model_answers_as_the_trained_one(run):
    assert_state_is_all(revive(Sound(), run, CORPUS), run, CORPUS)


def test_what_is_not_in_the_state_is_missed():
    class Hidden(Mean):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.beside = [nn.Linear(8, 8)]

        def forward(self, idx):
            return self.head(self.beside[0](self.token(idx)))

    class Submission(Sound):
        make_model = Hidden

    run = trained(Submission())
    with pytest.raises(Mismatch, match="a fresh model with your state_dict"):
        assert_state_is_all(revive(Submission(), run, CORPUS), run, CORPUS)


def test_an_answer_that_changes_is_refused(run):
    class Counts(Mean):
        calls = 0

        def forward(self, idx):
            self.calls += 1
            return super().forward(idx) + self.calls

    model = Counts(CORPUS.vocab_size, 8)
    with pytest.raises(Mismatch, match="asked again"):
        assert_state_is_all(model, Run(answer=model(CORPUS.a.inputs[:8])), CORPUS)


def test_a_model_has_the_right_shape_and_at_most_two_million_numbers():
    assert_makes_model(Mean(CORPUS.vocab_size, 8), CORPUS)
    with pytest.raises(Mismatch, match="shape"):
        assert_makes_model(nn.Embedding(CORPUS.vocab_size, CORPUS.vocab_size + 1), CORPUS)
    large = nn.Sequential(Mean(CORPUS.vocab_size, 8))
    large.register_buffer("table", torch.zeros(2_000_000))
    with pytest.raises(Mismatch, match=r"state_dict\(\) holds 2,000,"):
        assert_makes_model(large, CORPUS)


def test_a_model_that_never_reads_the_oldest_character_is_refused():
    assert_reads_whole_window(Mean(CORPUS.vocab_size, 8), CORPUS)
    with pytest.raises(Mismatch, match="another first character"):
        assert_reads_whole_window(nn.Embedding(CORPUS.vocab_size, CORPUS.vocab_size), CORPUS)


# tolerances that an exam sets


@pytest.mark.parametrize(("moved", "held"), [(5e-5, True), (5e-4, False)])
def test_a_causal_model_may_move_within_the_tolerance(moved, held):
    def f(x):
        return x.cumsum(1) + moved * x.mean(1, keepdim=True)

    x = torch.ones(1, 4, 1)
    with pytest.raises(Mismatch, match="position 0 sees"):
        assert_causal(f, x, x + 1, "f")
    if held:
        assert_causal(f, x, x + 1, "f", atol=1e-4)
    else:
        with pytest.raises(Mismatch, match="position 0 sees"):
            assert_causal(f, x, x + 1, "f", atol=1e-4)


@pytest.mark.parametrize(("moved", "held"), [(5e-4, True), (5e-3, False)])
def test_rows_may_differ_from_rows_alone_within_the_tolerance(moved, held):
    def f(x):
        return x + moved * len(x)

    x = torch.zeros(2, 3)
    with pytest.raises(Mismatch, match="row 0 alone"):
        assert_batch_independent(f, x, "f")
    if held:
        assert_batch_independent(f, x, "f", atol=1e-3)
    else:
        with pytest.raises(Mismatch, match="row 0 alone"):
            assert_batch_independent(f, x, "f", atol=1e-3)


def test_how_far_a_curve_may_turn_back_has_its_own_unit():
    curve = [4.0, 3.0, 2.0, 1.88, 2.0, 2.0]
    assert_converged(curve)
    with pytest.raises(Mismatch, match="got worse again"):
        assert_converged(curve, diverged=0.10)
