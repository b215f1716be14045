"""A child process that grades one submission after another, and keeps its boxes warm meanwhile.

    python -P -m grader.bulk.slot COURSE LEVEL

One JSON object a line: work on stdin; on stdout `ready`, then for each work its verdict or a fault.
It ends with its supervisor, however that ends: its stdin closes, and the kernel kills it. When a
check hangs in the grader itself, it ends with a traceback, which its supervisor takes for a crash.
"""

from __future__ import annotations

import base64
import ctypes
import faulthandler
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from grader import box, catalogue, engine
from grader.lending import Progress
from grader.model import Exercise, GraderFault, Level, Submission, UsageError, Verdict
from grader.warm import Warm

PR_SET_PDEATHSIG = 1
PATIENCE, PATIENCE_S = 10, 300
"""How long nothing is heard of a check that hangs: so many times its wall seconds, and so many."""


def main() -> None:
    """Grade what comes on stdin until that ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a check prints is no answer
    _die_with_supervisor()
    exercises = {each.slug: each for each in catalogue.load(Path(sys.argv[1])).exercises}
    warm = Warm(box.isolation(Level(sys.argv[2])))

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields).encode() + b"\n")
        answers.flush()

    answer(ready=True)
    for line in sys.stdin.buffer:
        work = json.loads(line)
        try:
            submission = Submission(
                name=work["name"], content=base64.b64decode(work["content"]), note=work["note"]
            )
            verdict = grade(exercises[work["exercise"]], submission, warm, work["learner"])
            answer(verdict=verdict.model_dump_json())
        except (GraderFault, UsageError) as fault:
            warm.close()
            answer(fault=str(fault))
    warm.close()


def grade(exercise: Exercise, submission: Submission, warm: Warm, learner: str) -> Verdict:
    """Grade in a warm box. Raises: GraderFault; the boxes should then be closed."""

    def alive(_: Progress) -> None:
        patience = PATIENCE * exercise.limits.wall_s + PATIENCE_S
        faulthandler.dump_traceback_later(patience, exit=True)

    try:
        return engine.grade(
            exercise,
            submission,
            warm.isolation,
            learner=learner,
            box=warm.box(exercise),
            progress=alive,
        )
    finally:
        faulthandler.cancel_dump_traceback_later()


def _die_with_supervisor() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()
