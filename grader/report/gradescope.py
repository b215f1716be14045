"""Gradescope's results.json.

Source: the page Autograder Specifications of Gradescope's documentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.text import explained, overview


def as_gradescope(verdicts: Iterable[Verdict]) -> str:
    """One JSON object; every text in it is shown as text, never as HTML, Markdown or colours."""
    members = [plain(verdict) for verdict in verdicts]
    result = {
        "score": round(sum(each.counts for each in members), 2),
        "execution_time": round(sum(each.seconds for each in members), 3),
        "output": "\n\n".join(overview(each) for each in members),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {each.exercise: {"passed": each.passed} for each in members},
        "tests": [_test(*check) for check in wording.checks(members)],
    }
    return json.dumps(result, indent=2) + "\n"


def _test(name: str, outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    """One check; without a score where it carries no points, and neither where nobody judged."""
    status = {"status": "passed" if outcome.status is Status.PASSED else "failed"}
    score = {
        "score": round(verdict.earned(outcome), 2),
        "max_score": round(verdict.worth(outcome), 2),
    }
    return {
        "name": name,
        **(score if outcome.weight and outcome.judged else {}),
        **(status if outcome.judged else {}),
        "output": explained(outcome, verdict),
        "tags": [verdict.unit, verdict.exercise],
        "visibility": "visible",
    }
