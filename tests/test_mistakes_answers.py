"""Naming predicted answers, and when two answers are the same: no box is needed for either."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from conftest import COURSE

from grader import catalogue, mistakes
from grader.answers import Answers
from grader.model import Exercise, Submission


@pytest.fixture(scope="module")
def sums():
    return catalogue.find(catalogue.load(COURSE), "sums")


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        ("1/8", 0.125, True),
        (0.333, 1 / 3, True),
        ([1, "3/4"], [1, 0.75], True),
        ({"a": 0.1}, {"a": "1/10"}, True),
        (1000, 1001, False),
        (True, 1, True),
        (0.30, 0.31, False),
        ("yes", "no", False),
        ("1/0", 0.0, False),
        ([1], [1, 2], False),
        ("float32", "float32", True),
        (float("nan"), 0.0, False),
    ],
)
def test_answers_of_hand_work_are_alike_to_one_in_a_thousand(got, expected, same):
    assert mistakes.alike(got, expected) is same


class Pair:
    a, b = 3, 5


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("q1: 15", ("You multiplied the numbers.",)),
        ("q1: 35", ("You wrote the digits side by side.",)),
        ("q1: 8", ()),
        ("q1: 9", ()),
        ("q1:", ()),
        ("q2: 15", ()),
        ("q1: [15]", ()),
    ],
)
def test_a_predicted_answer_is_named_by_the_mistake_that_gives_it(sums, text, named):
    answers = Answers(Submission(name="sums.yaml", content=text.encode()))
    answers["q1"]
    assert mistakes.name_answer(sums, answers, {"q1": Pair()}) == named


def test_only_an_item_that_was_read_and_drawn_is_named(sums):
    answers = Answers(Submission(name="sums.yaml", content=b"q1: 15\nq9: 15"))
    assert mistakes.name_answer(sums, answers, {"q1": Pair()}) == ()
    answers["q9"]
    assert mistakes.name_answer(sums, answers, {"q1": Pair()}) == ()


def test_a_shape_written_as_a_tuple_by_us_equals_a_list_of_theirs(tmp_path):
    body = "def answer(question):\n    return {'shape': %s}\n"
    wrong = '"""You swapped the sides.\ncaught by: check_it\n"""\n' + body % "(3, 2)"
    (tmp_path / "mistakes").mkdir()
    (tmp_path / "reference.py").write_text(body % "(2, 3)")
    (tmp_path / "mistakes/swapped.py").write_text(wrong)
    shapes = Exercise(
        **{"slug": "shapes", "unit": "u", "title": "t", "goal": "g", "points": 1},
        **{"folder": tmp_path, "solution": tmp_path},
    )
    for text, named in [("[2, 3]", ()), ("[3, 2]", ("You swapped the sides.",)), ("[3]", ())]:
        answers = Answers(Submission(name="a.yaml", content=b"q1: {shape: %s}" % text.encode()))
        answers["q1"]
        assert mistakes.name_answer(shapes, answers, {"q1": None}) == named


# same


T = torch.tensor
EQUAL = [
    (1.0, 1.00005),
    (math.inf, math.inf),
    (math.nan, math.nan),
    (0.0, 1e-7),
    (T([1.0, math.nan]), T([1.00005, math.nan])),
    (T([]), T([])),
    (T(True), T(True)),
    (np.array([1.0]), np.array([1.0])),
    ((1, [T(2)], {"a": None}), (1, [T(2)], {"a": None})),
    ("a", "a"),
    (None, None),
    (torch.int64, torch.int64),
]
DIFFERENT = [
    (1.0, 1.001),
    (5.0, math.inf),
    (math.inf, 5.0),
    (math.inf, -math.inf),
    (math.nan, 1.0),
    (1, True),
    (1, 1.0),
    (T([1.0]), T([1.001])),
    (T([5.0]), T([math.inf])),
    (T([1.0]), T([[1.0]])),
    (T([1.0]), T([1.0]).double()),
    (T([1]), [1]),
    (np.array([1.0]), T([1.0])),
    ((1, 2), (1, 2, 3)),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, {"a": 2}),
    (None, 0),
    ("a", "b"),
    (torch.int64, torch.int32),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_answers_within_rounding_are_the_same(a, b):
    assert mistakes.same(a, b) is True and mistakes.same(b, a) is True


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_answers_that_differ_in_kind_or_value_are_not(a, b):
    assert mistakes.same(a, b) is False and mistakes.same(b, a) is False
