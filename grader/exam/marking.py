"""The marks of a sitting: each part's last snapshot in, a verdict on each part out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.exam.papers import form
from grader.exam.task import Task
from grader.lending import Progress, to_nobody
from grader.model import GraderFault, Isolation, Verdict
from grader.sitting import Log, Part, State
from grader.sitting.chain import canonical, digest

TOOK = {"started", "seconds", "cpu_s", "peak_mb"}
"""What differs between two gradings of the same files."""


def mark(
    log: Log,
    state: State,
    tasks: Mapping[str, Task],
    isolation: Isolation,
    progress: Callable[[Progress], None] = to_nobody,
) -> dict[str, Verdict]:
    """The verdict on each part of a sitting that is over; a part without files earns nothing.

    Raises: GraderFault where a file of the sitting is missing, or an exam is unfit.
    """
    verdicts = {}
    for part in state.parts:
        task = tasks[part.name]
        verdict = form(task).mark(
            task, handed_in(log, part), state.seed, isolation, progress=progress
        )
        if verdict.faults or not verdict.outcomes:
            told = verdict.faults[0].message if verdict.faults else "no check ran"
            raise GraderFault(f"Part {part.name} could not be marked: {told}.")
        verdicts[part.name] = verdict.model_copy(update={"learner": state.learner})
    return verdicts


def handed_in(log: Log, part: Part) -> dict[str, bytes]:
    """The files that count, by path. Raises: GraderFault where one is missing or damaged."""
    manifest = part.submitted.manifest if part.submitted else {}
    files = {}
    for path, sha in manifest.items():
        content = log.blob(sha)
        if content is None:
            raise GraderFault(f"{path} of part {part.name} is missing in {log.path.name}.")
        files[path] = content
    return files


def substance(verdict: Verdict) -> str:
    """sha256 of a verdict without what it took: equal where the same files are graded again."""
    plain = verdict.model_dump(
        mode="json", exclude={*TOOK, "outcomes"}, by_alias=True, exclude_none=True
    )
    plain["outcomes"] = [
        each.model_dump(mode="json", exclude=TOOK, exclude_none=True) for each in verdict.outcomes
    ]
    return digest(canonical(plain))
