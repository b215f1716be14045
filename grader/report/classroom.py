"""The result that GitHub Classroom's autograding reporter takes, in base64, from a step.

Source: the source and README of classroom-resources/autograding-grading-reporter, and what the
graders beside it write. The reporter prints every name and message into the log of the job.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.text import explained

COMMAND = re.compile(r"(^\s*:)(?=:)|(##)(?=\[)", re.MULTILINE)
"""What GitHub's runner obeys in a log: `::` at the beginning of a line, `##[` anywhere."""


def as_classroom(verdicts: Iterable[Verdict]) -> str:
    """One JSON object on one line, ready for base64."""
    members = [plain(verdict) for verdict in verdicts]
    result = {
        "version": 1,
        "status": _status(members),
        "max_score": sum(each.points for each in members),
        "tests": [_test(*check) for check in wording.judged(members)],
    }
    return json.dumps(result) + "\n"


def without_commands(text: str) -> str:
    """The text with a space inside of every workflow command, so that it is none."""
    return COMMAND.sub(lambda found: found[0] + " ", text)


def _status(verdicts: list[Verdict]) -> str:
    if any(each.exit_code == 3 for each in verdicts):
        return "error"
    return "pass" if all(each.passed for each in verdicts) else "fail"


def _test(name: str, outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    fault = outcome.status is Status.GRADER_FAULT
    passed = outcome.status is Status.PASSED
    return {
        "name": without_commands(name),
        "status": "pass" if passed else "error" if fault else "fail",
        "score": round(verdict.earned(outcome), 2),
        "message": without_commands(explained(outcome, verdict)),
        "test_code": "",
        "filename": without_commands(verdict.file),
        "line_no": outcome.line or 0,
        "execution_time": f"{outcome.seconds:.2f}s",
    }
