"""Wrong answers are named by the known mistakes that give the same ones, through the real box."""

from __future__ import annotations

from contextlib import suppress
from textwrap import dedent

import pytest
import torch

from grader import catalogue, mistakes
from grader.model import Exercise
from grader.oracle import randn
from grader.proxy import Refused, Submission, SubmissionError, Trace

pytest_plugins = ["one_box"]

SEED = 3
SENTENCES = {
    "overflows": "It takes exp of the raw scores, which overflows for large ones.",
    "whole_tensor": "It normalises over the whole tensor instead of one axis.",
    "detached": "It computes on detached values, so no gradient flows.",
    "ignores_dim": "It normalises along the last axis, whatever `dim` says.",
}


@pytest.fixture
def traced(one_box):
    """The trace of a submission that was asked something, after its process has ended."""

    def trace(source, ask, seed=SEED):
        with one_box.run(seed=seed) as run:
            submission = Submission(run, "mine.py", dedent(source))
            with suppress(SubmissionError):
                ask(submission)
            return submission.trace

    return trace


@pytest.fixture
def name(one_box, traced):
    """The sentences for a submission that was asked something."""

    def sentences(exercise, source, ask):
        source = dedent(source)
        return mistakes.name(exercise, one_box, source, traced(source, ask), SEED, [])

    return sentences


def of(exercise, mistake):
    return (exercise.solution / f"mistakes/{mistake}.py").read_text("utf-8")


X = randn(3, 4, seed=1)
QUESTIONS = {
    "dim": lambda s: s.softmax(X, dim=0),
    "large": lambda s: s.softmax(5000 * X),
    "gradient": lambda s: s.softmax.vjp(X, cotangent=X),
    "many": lambda s: s.softmax.many([(X, 0), (X, 1)]),
    "both": lambda s: (s.softmax(X), s.softmax(X, dim=0)),
}


@pytest.mark.parametrize(
    ("mistake", "question"),
    [
        ("ignores_dim", "dim"),
        ("whole_tensor", "dim"),
        ("overflows", "large"),
        ("detached", "gradient"),
        ("ignores_dim", "many"),
        ("whole_tensor", "both"),
    ],
)
def test_a_known_mistake_is_named_by_its_sentence(name, softmax, mistake, question):
    ask = QUESTIONS[question]
    assert name(softmax, of(softmax, mistake), ask) == (SENTENCES[mistake],)


def test_two_mistakes_that_give_the_same_answers_are_both_named(name, softmax):
    named = name(softmax, of(softmax, "ignores_dim"), lambda s: s.softmax(X[:1], dim=0))
    assert named == (SENTENCES["ignores_dim"], SENTENCES["whole_tensor"])


def test_one_more_question_tells_them_apart(name, softmax):
    def ask(submission):
        submission.softmax(X[:1], dim=0)
        submission.softmax(X, dim=0)

    assert name(softmax, of(softmax, "ignores_dim"), ask) == (SENTENCES["ignores_dim"],)


def test_a_wrong_answer_of_another_kind_is_not_named(name, softmax):
    assert name(softmax, "def softmax(x, dim=-1): return x", QUESTIONS["dim"]) == ()
    assert name(softmax, "def softmax(x, dim=-1): raise KeyError", QUESTIONS["dim"]) == ()
    assert name(softmax, "def softmax(x, dim=-1): return None", QUESTIONS["dim"]) == ()


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_answers_of_the_reference_are_never_named(name, softmax, softmax_reference, question):
    source = softmax_reference.content.decode()
    assert name(softmax, source, QUESTIONS[question]) == ()


def test_a_mistake_that_does_not_show_is_not_named(name, softmax):
    assert name(softmax, of(softmax, "overflows"), QUESTIONS["dim"]) == ()


def test_what_was_asked_before_this_example_does_not_count(name, softmax):
    def ask(submission):
        submission.softmax(X, dim=0)
        submission.begin()
        submission.softmax(X)

    assert name(softmax, of(softmax, "ignores_dim"), ask) == ()


def test_without_questions_or_with_some_lost_nothing_is_named(one_box, traced, softmax):
    source = of(softmax, "ignores_dim")
    trace = traced(source, QUESTIONS["dim"])
    assert mistakes.name(softmax, one_box, source, Trace(), SEED, []) == ()
    trace.complete = False
    assert mistakes.name(softmax, one_box, source, trace, SEED, []) == ()


# An exercise with a module, made for these tests.


REFERENCE = """
import torch
from torch import nn

class Scale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width))
    def forward(self, x):
        return x * self.weight

def pair(width):
    return {"first": Scale(width), "rest": [Scale(width)]}

def apply(layers, x):
    for layer in layers:
        x = layer(x)
    return x

def count(n):
    for i in range(n):
        yield i

def request(get):
    return get(1)

def hooks(n):
    layer = Scale(3)
    for _ in range(n):
        layer.register_forward_hook(print)
    return layer._forward_hooks  # by numbers that torch counts on from file to file
"""
WRONG = {
    "adds": ("x * self.weight", "x + self.weight", "You added the weight."),
    "counts_from_one": ("yield i", "yield i + 1", "You counted from one."),
    "skips": ("for layer in layers:", "for layer in layers[1:]:", "You skipped a layer."),
    "asks_twice": ("get(1)", "2 * get(1)", "You asked twice."),
    "has_no_pair": ("def pair(", "def pears(", "You spelt it wrongly."),
    "hooks_once": ("for _ in range(n)", "for _ in range(n + 1)", "You hooked once more."),
    "hooks_twice": ("for _ in range(n)", "for _ in range(n + 2)", "You hooked twice more."),
    "cannot_load": ("import torch\n", "import nowhere\n", "You cannot be loaded."),
}
TROUBLE = {
    "a_float64": ("import torch\n", "import torch\ntorch.set_default_dtype(torch.float64)\n"),
    "a_end": ("import torch\n", "import os\nos._exit(0)\n"),
    "a_wait": ("import torch\n", "import time\ntime.sleep(60)\n"),
}


@pytest.fixture
def scale(tmp_path):
    (tmp_path / "mistakes").mkdir()
    (tmp_path / "reference.py").write_text(REFERENCE)
    for file, (right, wrong, sentence) in WRONG.items():
        text = f'"""{sentence}\ncaught by: check_it\n"""\n' + REFERENCE.replace(right, wrong)
        (tmp_path / f"mistakes/{file}.py").write_text(text)
    return Exercise(
        **{"slug": "scale", "unit": "u", "title": "t", "goal": "g", "points": 1},
        **{"folder": tmp_path, "solution": tmp_path},
    )


X2 = torch.ones(2, 3)


def layer_with_state(s):
    layer = s.Scale(3).eval()
    layer.load_state_dict({"weight": torch.tensor([1.0, 2.0, 3.0])})
    layer(X2)


def fresh_layer(s):
    s.Scale(3)(X2)


def layers_as_arguments(s):
    s.apply([s.Scale(3), s.Scale(3)], X2)


def layers_inside_answers(s):
    pair = s.pair(3)
    s.apply((pair["first"], pair["rest"][0]), X2)


def gradient_of_a_layer(s):
    s.Scale(3).vjp(X2, cotangent=torch.full((2, 3), 2.0))


def iterator(s):
    list(s.count(3))


def length_of_an_answer(s):
    s.ask({"op": "call", "on": s.hooks(0), "name": "__len__", "args": (), "kwargs": {}}, "hooks")


@pytest.mark.parametrize(
    ("mistake", "ask"),
    [
        ("adds", layer_with_state),
        ("adds", fresh_layer),
        ("adds", gradient_of_a_layer),
        ("adds", layers_as_arguments),
        ("skips", layers_as_arguments),
        ("skips", layers_inside_answers),
        ("counts_from_one", iterator),
        ("hooks_twice", length_of_an_answer),
        ("has_no_pair", layers_inside_answers),
    ],
)
def test_objects_that_stayed_in_the_box_are_made_again(name, scale, mistake, ask):
    assert name(scale, of(scale, mistake), ask) == (WRONG[mistake][2],)
    assert name(scale, REFERENCE, ask) == ()


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("ask", [fresh_layer, layer_with_state])
def test_a_mistake_that_spoils_its_process_costs_no_other_its_name(
    name, scale, ask, trouble, monkeypatch
):
    monkeypatch.setattr(mistakes, "REPLAY_S", 2.0)
    text = '"""You spoil all.\ncaught by: check_it\n"""\n' + REFERENCE.replace(*TROUBLE[trouble])
    (scale.solution / f"mistakes/{trouble}.py").write_text(text)
    assert name(scale, of(scale, "adds"), ask) == (WRONG["adds"][2],)


def test_all_known_mistakes_are_asked_in_one_process(one_box, traced, softmax, monkeypatch):
    source, runs, run = "def softmax(x, dim=-1): return x", [], one_box.run
    trace = traced(source, QUESTIONS["dim"])

    def counted(*args):
        runs.append(args)
        return run(*args)

    monkeypatch.setattr(one_box, "run", counted)
    assert mistakes.name(softmax, one_box, source, trace, SEED, []) == ()
    assert len(catalogue.mistakes(softmax)) > 3
    reference, known, again = runs
    assert [seed for _, seed in (reference, known, again)] == [SEED, SEED, SEED + 1]


def test_another_start_of_the_weights_is_no_mistake(one_box, traced, scale):
    trace = traced(REFERENCE, fresh_layer, seed=SEED + 1)
    assert mistakes.name(scale, one_box, REFERENCE, trace, SEED, []) == ()


@pytest.mark.parametrize(
    "ask", [lambda s: s.request(lambda n: n), lambda s: s.request.many([(abs,)])]
)
def test_questions_with_callbacks_are_not_asked_again(name, scale, ask):
    assert name(scale, of(scale, "asks_twice"), ask) == ()


def test_a_callback_is_not_called_for_the_sake_of_a_name(name, scale):
    called = []

    def get(n):
        called.append(n)
        if len(called) > 2:
            raise Refused
        return n

    name(scale, of(scale, "asks_twice"), lambda s: s.request.many([(get,), (get,)]))
    assert called == [1, 1]


def test_arguments_that_are_named_tuples_are_asked_again(name, scale):
    def ask(submission):
        submission.apply(submission.Scale(3).parameters()[:0], X2)
        submission.apply([], X2.max(0))
        submission.apply([submission.Scale(3)], X2)

    assert name(scale, of(scale, "skips"), ask) == (WRONG["skips"][2],)
