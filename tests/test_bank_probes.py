"""The shared probes, each on a trial with one thing wrong; and what a script may yield."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from grader.bank import item, probes, trial
from grader.bank.trial import Expected, Trial
from grader.box import Box
from grader.meter import MIB
from grader.model import Limits, Measure, Outcome, Status
from grader.oracle import Mismatch
from grader.proxy import Submission, SubmissionEnded, SubmissionError
from grader.warm import TRAINING

RECORD = SimpleNamespace(measure=lambda *args, **kwargs: None)
SHAPES = {"out.weight": (1, 4)}
FULL = {"live": 0, "peak": MIB, "operations": 1000, "refusals": 0}
RIGHT = Trial(
    expected=Expected(SHAPES, steps=100, operations=1000),
    device_mb=2,
    steps=100,
    moves=100,
    shapes=SHAPES,
    memory=FULL,
    measures={"score": 0.9},
    gradients={"out.weight": torch.ones(1, 4)},
)


def check(name, **wrong):
    probe = getattr(probes, f"check_{name}")
    asks = probe.__code__.co_varnames[: probe.__code__.co_argcount]
    probe(replace(RIGHT, **wrong), *[RECORD] * ("record" in asks))


NAMES = ["runs", "finite", "shape", "steps", "all_grads", "memory"]


@pytest.mark.parametrize("name", NAMES)
def test_a_right_trial_passes(name):
    check(name)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("finite", {"unfinished": "a loss was nan at step 3"}, "nan at step 3"),
        ("shape", {"shapes": {"out.weight": (1, 2)}}, "the design has (1, 4)"),
        ("shape", {"shapes": SHAPES | {"more": (1,)}}, "more"),
        ("steps", {"moves": 97}, "97 of 100 planned steps"),
        ("steps", {"unfinished": "the model is another one"}, "not measured"),
        ("all_grads", {"gradients": {"out.weight": torch.zeros(1, 4)}}, "1 parameters get no"),
        ("all_grads", {"gradients": {"a": torch.tensor([float("nan")])}}, "1 parameters get no"),
        ("memory", {"memory": FULL | {"refusals": 2}}, "refused an allocation 2 times"),
        ("memory", {"memory": FULL | {"operations": 200}}, "the meter saw 200 operations"),
    ],
)
def test_one_thing_wrong_is_refused_and_named(name, wrong, said):
    with pytest.raises(Mismatch) as caught:
        check(name, **wrong)
    assert said in str(caught.value)


def test_what_the_script_raised_is_raised_again():
    crash = SubmissionError("train", "OutOfMemoryError", "too much", 3, False)
    with pytest.raises(SubmissionError, match="too much"):
        check("runs", crash=crash, unfinished="the script raised an exception")


@pytest.mark.parametrize(("bar", "better"), [(0.95, "higher"), (0.85, "lower")])
def test_a_bar_that_is_missed_is_told_with_both_numbers(bar, better):
    with pytest.raises(Mismatch, match=f"score is 0.900, and at .*st {bar}"):
        probes.reaches(RIGHT, RECORD, "score", bar, better=better)


def test_a_measure_that_is_nan_misses_every_bar():
    lost = replace(RIGHT, measures={"score": float("nan")})
    for better in ("higher", "lower"):
        with pytest.raises(Mismatch):
            probes.reaches(lost, RECORD, "score", 0.5, better=better)


def examination(*peaks, status=Status.PASSED):
    def verdict(peak):
        measures = (Measure(name="peak", value=peak), Measure(name="operations", value=50))
        outcome = Outcome(check="check_memory", claim="c.", status=status, measures=measures)
        return SimpleNamespace(outcomes=(outcome,))

    return item.Examination([verdict(peak) for peak in peaks])


def test_trainings_whose_memory_differs_do_not_pass():
    assert examination(5.0, 5.01, 5.0).passed
    odd = examination(5.0, 2.0)
    assert not odd.passed and "peak of two trainings differ" in str(odd)
    assert not examination(5.0, status=Status.FAILED).passed


@pytest.fixture(scope="module")
def box(isolation):
    with Box(isolation, Limits(), preloads=TRAINING) as made:
        yield made


@contextmanager
def following(box, body):
    """What is seen of a script whose `train` has this body."""
    text = "import torch\nfrom torch import nn\n\ndef train(data, seed):\n" + body
    with box.run(Limits(device_mb=2)) as run:
        yield trial.follow(Submission(run, "item.py", text), {"x": torch.ones(2)}, 7)


HONEST = """\
    model = nn.Linear(2, 1)
    model(data["x"]).sum().backward()
    yield model, {"loss": 0.5, "step": 99, "words": "no", "also": torch.tensor(2.0)}
    yield model, {"val_loss": float("nan")}
    model.bias.grad = None
    yield model, {"loss": 1}
"""


def test_a_row_holds_what_was_told_and_what_was_seen(box):
    with following(box, HONEST) as seen:
        first, second, third = [each.row for each in seen]
    assert first["step"] == 0 and first["loss"] == 0.5 and first["also"] == 2.0
    assert "words" not in first and first["without_gradient"] == 0
    assert first["gradient"] == pytest.approx(3**0.5) and first["live_mb"] > 0
    assert second["step"] == 0 and second["val_loss"] != second["val_loss"]
    assert third["step"] == 1 and third["without_gradient"] == 1 and third["loss"] == 1.0


@pytest.mark.parametrize(
    "body",
    [
        "    return 3\n",
        "    return [(nn.Linear(1, 1), {})]\n",
        "    yield 1\n",
        "    yield {'loss': 1.0}\n",
        "    yield nn.Linear(1, 1), 3\n",
        "    yield 3, {'loss': 1.0}\n",
        "    yield nn.Linear(1, 1), {}, {}\n",
    ],
)
def test_what_is_no_pair_of_model_and_numbers_is_said(box, body):
    with following(box, body) as seen, pytest.raises(AssertionError, match="must yield"):
        list(seen)


@pytest.mark.parametrize(
    "body",
    [
        "    yield (lambda: 1), {'loss': 1.0}\n",
        "    yield object(), {'loss': 1.0}\n",
        "    raise ValueError('no')\n    yield\n",
    ],
)
def test_a_script_that_raises_or_brings_no_model_is_at_fault(box, body):
    with following(box, body) as seen, pytest.raises(SubmissionError):
        list(seen)


@pytest.mark.parametrize(
    "memory", [None, {}, {"live": "1"}, FULL | {"peak": 1.5}, FULL | {"peak": True}]
)
def test_a_reading_that_is_none_ends_the_trial(memory):
    with pytest.raises(SubmissionEnded):
        trial.checked(memory)
