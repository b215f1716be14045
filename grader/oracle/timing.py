"""How much CPU time a submission takes, measured from outside its process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median
from typing import Any


def cpu_seconds(
    fresh: Callable[[], AbstractContextManager[Any]],
    *jobs: Callable[[Any], Any],
    rounds: int = 5,
) -> list[float]:
    """Median CPU seconds of each job, user and system, each time in a process of its own.

    The jobs take turns, so that a machine that grows busy slows all of them alike. Loading the
    file counts: give a first job that only prepares, and subtract it.

    Args:
        fresh  the fixture of that name
        jobs   each is given the submission
    """
    spent: list[list[float]] = [[] for _ in jobs]
    for _ in range(rounds):
        for job, times in zip(jobs, spent, strict=True):
            with fresh() as submission:
                job(submission)
            times.append(submission.spent)
    return [median(times) for times in spent]
