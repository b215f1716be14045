"""JUnit XML, which CI systems read: a suite for each exercise, a case for each check.

Source: the schema junit-10.xsd of the xUnit plugin of Jenkins, the strictest of those in use.
There a case has no properties, so measures stand with the suite.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.text import explained

if TYPE_CHECKING:
    from junitparser import TestCase, TestSuite

FAILURES = (Status.FAILED, Status.FORBIDDEN)
"""What was answered wrongly; all else that is not passed never came to an answer."""


def as_junit(verdicts: Iterable[Verdict]) -> str:
    """One file; what is not needed to pass counts as skipped, so that CI says what we say."""
    from junitparser import JUnitXml

    root = JUnitXml("grader")
    shown = [plain(verdict) for verdict in verdicts]
    several = len({verdict.learner for verdict in shown}) > 1
    suites = [_suite(each, f"{each.learner}: " * several) for each in shown]
    for suite in suites:
        root.append(suite)  # add_testsuite would merge two attempts at one exercise
    root.tests = sum(each.tests for each in suites)
    root.failures = sum(each.failures for each in suites)
    root.errors = sum(each.errors for each in suites)
    root.time = round(sum(each.time for each in suites), 3)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root.tostring().decode("utf-8")}\n'


def _suite(verdict: Verdict, whose: str) -> TestSuite:
    from junitparser import TestCase, TestSuite
    from junitparser.junitparser import SystemOut

    suite = TestSuite(whose + verdict.exercise)
    suite.timestamp = verdict.started
    suite.add_property("result", wording.result(verdict))
    for outcome in verdict.outcomes:
        for measure in outcome.measures:
            suite.add_property(f"{outcome.check}: {measure.name}", wording.measured(measure))
    classname = f"{whose}{verdict.unit}.{verdict.exercise}"
    for name, outcome, _ in wording.checks([verdict]):
        case = TestCase(name, classname, round(outcome.seconds, 3))
        _judge(case, outcome, explained(outcome, verdict))
        suite.append(case)
    suite.update_statistics()
    if printed := wording.excerpt(verdict):
        suite.append(SystemOut(printed))
    return suite


def _judge(case: TestCase, outcome: Outcome, why: str) -> None:
    from junitparser import Error, Failure, Skipped

    if outcome.status is Status.PASSED:
        return
    kind: type[Failure | Error | Skipped] = Failure if outcome.status in FAILURES else Error
    optional = not outcome.required and outcome.status is not Status.GRADER_FAULT
    if optional or outcome.status in (Status.SKIPPED, Status.NOT_APPLICABLE):
        kind = Skipped
    result = kind(why.split("\n", 1)[0], str(outcome.status))
    result.text = why
    case.result = [result]
