"""One part of an exam as a task: its two halves, its paper, its marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.lending import Progress
from grader.model import Isolation, Verdict
from grader.sitting.exam import PartDefinition


@dataclass(frozen=True)
class Task:
    """A part's definition and where its two halves lie."""

    part: PartDefinition
    folder: Path
    """The public half: `exams/<exam>/<part>/`."""
    solution: Path
    """The private half, `solutions/exams/<exam>/<part>/`: at the instructor's only."""


class Form(Protocol):
    """What each form of a part can do: one module for each, `grader/exam/<form>.py`."""

    def paper(self, task: Task, seed: int) -> dict[str, bytes]:
        """What the candidate's folder gets when the part opens: path -> content.

        Personal by the sitting's seed, the same for the same seed. Holds the instructions, the
        stubs of all that is handed in, and nothing of the answers.
        """

    def mark(
        self,
        task: Task,
        files: Mapping[str, bytes],
        seed: int,
        isolation: Isolation,
        *,
        progress: Callable[[Progress], None],
    ) -> Verdict:
        """The marks for the files of the last snapshot; `points` are the part's.

        Whatever the files hold, or where there are none: a verdict, never an exception of the
        candidate's making. Raises: GraderFault.
        """
