"""JUnit, against the constraints of junit-10.xsd."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import sample_verdicts as sample
from drawn_verdicts import DRAWN, MANY, write
from hypothesis import given

from grader.model import Status, Verdict

SUITE = {"name", "tests", "failures", "errors"}
JUNIT = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase", "system-out"},
        SUITE,
        SUITE | {"time", "skipped", "timestamp"},
    ),
    "testcase": ({"skipped", "error", "failure"}, {"name"}, {"name", "time", "classname"}),
    "failure": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
    "skipped": (set(), set(), {"type", "message"}),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, {"name", "value"}),
    "system-out": (set(), set(), set()),
}
"""What junit-10.xsd allows of what we use: children, needed attributes, allowed attributes."""
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def junit(*verdicts: Verdict) -> ElementTree.Element:
    root = ElementTree.fromstring(write("junit", *verdicts).encode())
    assert root.tag == "testsuites"
    for each in root.iter():
        children, needed, allowed = JUNIT[each.tag]
        assert {child.tag for child in each} <= children, each.tag
        assert needed <= each.attrib.keys() <= allowed, each.tag
        assert TIME.fullmatch(each.get("time", ""))
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for kind in ("failure", "error", "skipped"):
            count = suite.get(kind + "s" * (kind != "skipped"))
            assert int(count) == sum(case.find(kind) is not None for case in cases)
        assert len({case.get("name") for case in cases}) == len(cases)
    return root


@DRAWN
@given(verdicts=MANY)
def test_junit_is_valid_whatever_was_said(verdicts):
    assert len(junit(*verdicts)) == len(verdicts)


def test_junit_has_a_suite_for_each_exercise_and_a_case_for_each_check():
    root = junit(*sample.VERDICTS)
    for suite, verdict in zip(root, sample.VERDICTS, strict=True):
        assert suite.get("name") == verdict.exercise
        assert len(suite.findall("testcase")) == len(verdict.outcomes)


def test_junit_keeps_two_attempts_at_one_exercise_apart():
    assert len(junit(sample.GPT, sample.GPT)) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((each, "error") for each in ("error", "timeout", "memory", "killed", "grader_fault")),
        *((("failed", "failure"), ("forbidden", "failure"), ("skipped", "skipped"))),
    ],
)
def test_junit_says_how_a_check_ended(status, kind):
    outcome = sample.failed("check_it", "It holds.", status=Status(status), message="No.")
    (case,) = junit(sample.verdict("e", "u", "t", outcome)).iter("testcase")
    assert [each.tag for each in case] == [kind] and case[0].get("type") == status
    assert case.get("name") == "It holds." and case.get("classname") == "u.e"


def test_junit_is_green_exactly_where_a_merit_alone_is_missed():
    merit = sample.failed("check_more", "It is fast.", merit=True)
    verdict = sample.verdict("e", "u", "t", sample.passed("check_it", "It holds."), merit)
    root = junit(verdict)
    assert verdict.passed and root.get("failures") == root.get("errors") == "0"
    assert root[0].get("skipped") == "1"


def test_junit_carries_measures_and_what_was_printed():
    root = junit(sample.CNN, sample.HOSTILE)
    values = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert values["check_clean: accuracy"] == "accuracy 0.967 (bar 0.90)"
    assert "line 9" in root[1].find("system-out").text
