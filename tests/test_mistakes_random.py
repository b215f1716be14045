"""Answers that change from run to run are named as such, unless the reference's do too."""

from __future__ import annotations

from textwrap import dedent

import pytest
import torch

from grader import engine, mistakes
from grader.model import Exercise, Status
from grader.oracle import randn
from grader.proxy import Submission

pytest_plugins = ["one_box"]

SEED = 3
X = randn(3, 4, seed=1)
TOLD = (mistakes.CHANGES,)
REFERENCE = """
import torch
from torch import nn

def double(x):
    return 2 * x

def noisy(x):
    return x + torch.rand(x.shape)

def drop(x, generator):
    return x * torch.bernoulli(torch.full_like(x, 0.5), generator=generator)

class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))
    def forward(self, x):
        return x * self.weight
"""


@pytest.fixture
def exercise(tmp_path):
    (tmp_path / "reference.py").write_text(REFERENCE)
    return Exercise(
        **{"slug": "noise", "unit": "u", "title": "t", "goal": "g", "points": 1},
        **{"folder": tmp_path, "solution": tmp_path},
    )


@pytest.fixture
def name(one_box, exercise):
    def sentences(source, ask):
        source = dedent(source)
        with one_box.run(seed=SEED) as run:
            submission = Submission(run, "mine.py", source)
            try:
                ask(submission)
            except Exception as error:
                assert "raised" in str(error)
            trace = submission.trace
        return mistakes.name(exercise, one_box, source, trace, SEED, [])

    return sentences


def changed(right, wrong):
    assert right in REFERENCE
    return REFERENCE.replace(right, wrong)


def double(s):
    s.double(X)


def gradient(s):
    s.double.vjp(X, cotangent=X)


def drop(s):
    s.drop(X, torch.Generator().manual_seed(5))


def noise_and_double(s):
    s.noisy(X)
    s.double(X)


def fresh_layer(s):
    s.Scale()(X)


def layer_with_weights(s):
    layer = s.Scale()
    layer.load_state_dict({"weight": torch.ones(4)})
    layer(X)


@pytest.mark.parametrize(
    ("right", "wrong", "ask"),
    [
        ("2 * x", "2 * x + torch.rand_like(x)", double),
        ("2 * x", "torch.dropout(2 * x, 0.5, True)", double),
        ("2 * x", "2 * x * torch.rand(())", gradient),
        ("2 * x", "2 * x * torch.rand(())", noise_and_double),
        ("2 * x", "2 * x + int.from_bytes(__import__('os').urandom(8))", double),
        (", generator=generator)", ")", drop),
        ("x * self.weight", "torch.dropout(x * self.weight, 0.5, True)", layer_with_weights),
    ],
)
def test_answers_that_change_under_another_seed_are_told(name, right, wrong, ask):
    assert name(changed(right, wrong), ask) == TOLD


@pytest.mark.parametrize(
    ("right", "wrong", "ask"),
    [
        ("2 * x", "3 * x", double),
        (
            "2 * x",
            "2 * x + torch.rand(x.shape, generator=torch.Generator().manual_seed(1))",
            double,
        ),
        ("generator=generator", "generator=generator.manual_seed(1)", drop),
        ("x + torch.rand", "x - torch.rand", lambda s: s.noisy(X)),
        ("2 * x", "3 * x", noise_and_double),
        ("x * self.weight", "x + self.weight", fresh_layer),
        ("x * self.weight", "x + self.weight", layer_with_weights),
        ("2 * x", "x[object()]", double),
    ],
)
def test_wrong_answers_that_do_not_or_may_change_are_not(name, right, wrong, ask):
    assert name(changed(right, wrong), ask) == ()


@pytest.mark.parametrize("ask", [double, gradient, drop, fresh_layer, layer_with_weights])
def test_the_reference_is_never_told(name, ask):
    assert name(REFERENCE, ask) == ()


def test_without_a_reference_nothing_is_named(one_box, exercise, name):
    (exercise.solution / "reference.py").unlink()
    assert name(changed("2 * x", "2 * x + torch.rand_like(x)"), double) == ()


def test_a_submission_that_draws_is_told_so_and_gets_the_same_verdict_again(
    softmax, isolation, source
):
    text = """
        import torch
        def softmax(x, dim=-1):
            e = (x - x.amax(dim, keepdim=True)).exp()
            return e / e.sum(dim, keepdim=True) + 0.1 * torch.rand(x.shape)
    """
    found = []
    for _ in range(2):
        verdict = engine.grade(softmax, source(dedent(text)), isolation, seed=1)
        found.append([(o.check, o.status, o.message, o.mistakes) for o in verdict.outcomes])
    assert found[0] == found[1]
    wrong = [row for row in found[0] if row[1] is Status.FAILED]
    assert wrong and any(row[3] == TOLD for row in wrong)
