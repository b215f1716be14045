"""answers.yaml: every point for its reason, and never an exception, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.bank import sheet
from grader.bank.sheet import Answer
from grader.model import Status

CAUSES = dict.fromkeys(("lr_too_high", "log_of_zero", "dead_relu", "wrong_loss", "mask"), "why")
GOOD = b"""
item1:
  causes: [lr_too_high, dead_relu]
  evidence: {step: 4, lines: [30, 33]}
  fix: "lower it"
breadth:
  nan: [lr_too_high, log_of_zero]
"""


def read(content):
    return sheet.read(content, ["item1", "item2"], CAUSES)


def points(outcomes):
    return sum(each.weight for each in outcomes if each.status is Status.PASSED)


def test_a_sheet_is_read_as_it_stands():
    found = read(GOOD)
    assert found.items["item1"] == Answer(("lr_too_high", "dead_relu"), (30, 33), "lower it")
    assert found.items["item2"] == Answer()
    assert found.breadth == {"nan": ("lr_too_high", "log_of_zero")}
    assert sheet.readable(found).status is Status.PASSED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there was no answers.yaml"),
        (b"item1: [", "answers.yaml line 2: "),
        (b"item1:\n  causes: [lr_to_high]", "line 2: `lr_to_high` is no id; copy one from causes"),
        (b"item1:\n\n  causes: lr_too_high", "line 3: expected a list"),
        (b"item1: 7", "line 1: expected `key: value` lines"),
        (b"- 1", "line 1: expected `key: value` lines"),
        (b"item1:\n  evidence: {lines: [1, 60]}", "line 2: expected [first, last], at most 8"),
        (b"item1:\n  evidence: {lines: [9, 3]}", "line 2: expected [first, last]"),
        (b"item1:\n  evidence: {lines: [a, b]}", "line 2: expected [first, last]"),
        (b"breadth:\n  nan: [3]", "line 2: `3` is no id"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a: &x [*x]", "answers.yaml"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(content, said):
    found = read(content)
    outcome = sheet.readable(found)
    assert outcome.status is Status.FAILED and said in outcome.message
    assert outcome.weight == 0 and outcome.merit


def test_a_wrong_id_leaves_the_others_as_they_are():
    assert read(b"item1: {causes: [nothing, dead_relu]}").items["item1"].causes == ("dead_relu",)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="item1:brecaus {}[]-\n ,'\"&*!", max_size=200)
    )
)
def test_no_sheet_raises(content):
    found = read(content if isinstance(content, bytes) else content.encode())
    assert isinstance(sheet.readable(found).message, str)


@pytest.mark.parametrize(
    ("named", "worth"),
    [
        ((), 0),
        (("log_of_zero",), 3),
        (("mask", "log_of_zero"), 2),
        (("mask", "wrong_loss", "log_of_zero"), 1),
        (("dead_relu",), 2),
        (("mask", "dead_relu"), 2),
        (("dead_relu", "log_of_zero"), 2),
        (("mask",), 0),
    ],
)
def test_a_cause_is_worth_its_rank_as_far_as_it_is_accepted(named, worth):
    accept = {"log_of_zero": 3, "dead_relu": 2}
    assert points(sheet.cause_outcomes("item1", Answer(named), accept)) == worth


@pytest.mark.parametrize(
    ("lines", "worth"),
    [
        (None, 0),
        ((20, 20), 1),
        ((18, 18), 1),
        ((17, 17), 0),
        ((23, 25), 1),
        ((24, 25), 0),
        ((13, 20), 1),
    ],
)
def test_evidence_touches_the_fault_or_lies_two_lines_beside_it(lines, worth):
    assert points([sheet.evidence_outcome("item1", Answer(lines=lines), {20, 21})]) == worth


@pytest.mark.parametrize(
    ("good", "bad", "worth"),
    [
        (0, 0, 0),
        (5, 0, 3),
        (4, 0, 2),
        (5, 2, 2),
        (5, 4, 1),
        (2, 0, 1),
        (1, 0, 0),
        (2, 4, 0),
        (9, 0, 3),
    ],
)
def test_breadth_takes_half_of_a_right_cause_for_each_wrong_one(good, bad, worth):
    right = [f"right{n}" for n in range(9)]
    named = right[:good] + [f"wrong{n}" for n in range(bad)]
    assert points(sheet.breadth_outcomes("flat", 3, named, right)) == worth


@pytest.mark.parametrize(
    ("named", "worth"),
    [("abcd", 1), ("bcef", 1), ("aXbYcd", 1), ("abc", 0), ("abdc", 0), ("fedcba", 0), ("", 0)],
)
def test_the_order_counts_where_four_of_the_list_stand_in_it(named, worth):
    assert points([sheet.order_outcome("nan", list(named), list("abcdef"))]) == worth
