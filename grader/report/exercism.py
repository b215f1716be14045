"""Exercism's results.json, version 2.

Source: The Test Runner Interface, in Exercism's documentation for those who build tracks. It asks
for `test_code` where learners do not see the tests; ours stays hidden, and the name is the claim.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.text import explained, overview

MESSAGE, OUTPUT = 65_535, 500
"""Most characters of a message, and of what the submission printed."""
CUT = "\nOutput was truncated. Please limit to 500 chars."
WRONG = (Status.FAILED, Status.FORBIDDEN, Status.SKIPPED)


def as_exercism(verdicts: Iterable[Verdict]) -> str:
    """One JSON object, with the checks in their order."""
    members = [plain(verdict) for verdict in verdicts]
    tests = [_test(*check) for check in wording.judged(members)]
    status = _overall({each["status"] for each in tests})
    told = "\n\n".join(overview(each) for each in members) or "Nothing was graded."
    result = {
        "version": 2,
        "status": status,
        "message": told[:MESSAGE] if status == "error" else None,
        "tests": tests,
    }
    return json.dumps(result, indent=2) + "\n"


def _overall(statuses: set[str]) -> str:
    if statuses <= {"error"}:
        return "error"
    return "pass" if statuses == {"pass"} else "fail"


def _test(name: str, outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    passed = outcome.status is Status.PASSED
    printed = outcome.printed.strip("\n")
    if len(printed) > OUTPUT:
        printed = printed[: OUTPUT - len(CUT)] + CUT
    return {
        "name": name,
        "status": "pass" if passed else "fail" if outcome.status in WRONG else "error",
        "message": None if passed else explained(outcome, verdict)[:MESSAGE],
        "output": printed or None,
    }
