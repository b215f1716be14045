"""Every check of every learner in one table, for a spreadsheet or for pandas."""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Verdict
from grader.report import wording
from grader.report.cells import table
from grader.report.plain import plain

COLUMNS = (
    *("learner", "unit", "exercise", "started", "check", "claim", "status"),
    *("earned", "points", "merit", "seconds", "cpu_s", "peak_mb"),
    *("score", "counts"),
)


def as_csv(verdicts: Iterable[Verdict]) -> str:
    """A row for each learner, exercise and check; points, seconds and MB to three decimals.

    The last two columns are about the exercise: what the grader gave, and what counts.
    """
    rows = (
        [
            *(verdict.learner, verdict.unit, verdict.exercise, verdict.started),
            *(each.check, each.claim, each.status.value),
            *(verdict.earned(each), verdict.worth(each), int(each.merit)),
            *(each.seconds, each.cpu_s, each.peak_mb),
            *(verdict.score, verdict.counts),
        ]
        for verdict in map(plain, verdicts)
        for each in verdict.outcomes or (wording.NOTHING,)
    )
    return table([COLUMNS, *rows])
