"""Scores for the Assignment and Grade Services of LTI, as JSON lines.

Source: the Score of LTI Assignment and Grade Services 2.0 by 1EdTech. A score does not name its
line item, which is the address it is posted to; `urn:grader:exercise` tells which one that is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grader.model import Verdict
from grader.report import wording
from grader.report.cells import NOBODY, People, found, gradebook, moment
from grader.report.plain import plain


def as_lti(verdicts: Iterable[Verdict], people: People = NOBODY) -> str:
    """A score on each line; what has no grade is `Failed` or `Pending` and carries no number."""
    book = gradebook(map(plain, verdicts))
    return "".join(
        json.dumps({"userId": found(people, learner).login} | _score(each)) + "\n"
        for learner, row in book.items()
        for each in row.values()
    )


def _score(verdict: Verdict) -> dict[str, Any]:
    graded = wording.is_graded(verdict)
    score = {"scoreGiven": verdict.counts, "scoreMaximum": verdict.points}
    without = "Failed" if verdict.exit_code == 3 else "Pending"
    return {
        **(score if graded else {}),
        "comment": wording.result(verdict),
        "timestamp": moment(verdict).isoformat(timespec="milliseconds"),
        "activityProgress": "Completed" if graded else "Submitted",
        "gradingProgress": _progress(verdict) if graded else without,
        "urn:grader:exercise": verdict.exercise,
    }


def _progress(verdict: Verdict) -> str:
    return "PendingManual" if wording.pending(verdict) else "FullyGraded"
