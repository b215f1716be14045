"""A part whose form is an exercise: one file of code, graded as any exercise is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath

from grader import catalogue, engine
from grader.exam.task import Task
from grader.lending import Progress, to_nobody
from grader.model import (
    Exercise,
    GraderFault,
    Isolation,
    Level,
    Outcome,
    Status,
    Submission,
    UsageError,
    Verdict,
)


def paper(task: Task, seed: int) -> dict[str, bytes]:
    """The README with the rules of the source, and the stub: `<part>.md` and the part's file.

    Raises: GraderFault if the part's folder is not well formed.
    """
    exercise = read(task)
    text = (exercise.folder / "README.md").read_text("utf-8").rstrip()
    text += "\n\n" + rules(exercise, _file(task))
    return {f"{task.part.name}.md": text.encode(), _file(task): exercise.stub.read_bytes()}


def mark(
    task: Task,
    files: Mapping[str, bytes],
    seed: int,
    isolation: Isolation,
    *,
    progress: Callable[[Progress], None] = to_nobody,
) -> Verdict:
    """The verdict on the part's one file; known mistakes are not named, and no file earns nothing.

    Raises: GraderFault, also where the hidden checks do not lie here.
    """
    exercise = read(task)
    if not exercise.has_hidden_checks:
        raise GraderFault(f"{task.part.name} is marked where its hidden checks are; not here.")
    name = _file(task)
    if name not in files:
        return _missing(exercise, name, seed)
    submission = Submission(name=PurePosixPath(name).name, content=files[name])
    return engine.grade(exercise, submission, isolation, seed=seed, naming=False, progress=progress)


def read(task: Task) -> Exercise:
    """The exercise of a part, worth the part's points. Raises: GraderFault if it is not sound."""
    try:
        exercise = catalogue.read_exercise(task.folder, task.solution)
    except UsageError as error:
        raise GraderFault(str(error)) from None
    return exercise.model_copy(update={"points": task.part.points})


def rules(exercise: Exercise, name: str) -> str:
    """The rules of the source, for the candidate: Markdown."""
    given, limits = exercise.rules, exercise.limits
    lines = ["## Rules of the source", "", "A broken rule costs all points of this part.", ""]
    if given.lines is not None:
        lines.append(
            f"- At most {given.lines} lines and {given.tokens:,} tokens; "
            f"`grade lines {name}` shows how they are counted."
        )
    lines.append(
        f"- Imports: {', '.join(f'`{each}`' for each in given.imports)}, and what they hold."
    )
    if given.forbid:
        names = ", ".join(f"`{each}`" for each in given.forbid)
        lines.append(f"- Not available, under whatever alias (`*` is any ending): {names}.")
    lines += [
        "- No files, no text run as code, no reaching into Python's own tables.",
        f"- {limits.cpu_s:g} CPU seconds of one thread, {limits.memory_mb:,} MB of memory.",
        "",
    ]
    return "\n".join(lines)


def _file(task: Task) -> str:
    return task.part.files[0]


def _missing(exercise: Exercise, name: str, seed: int) -> Verdict:
    outcome = Outcome(
        check="handed_in",
        claim=f"{name} was handed in.",
        status=Status.FAILED,
        message=f"there was no {name} in the last snapshot before the deadline",
    )
    return Verdict(
        exercise=exercise.slug,
        unit=exercise.unit,
        title=exercise.title,
        points=exercise.points,
        pass_mark=exercise.pass_mark,
        file=name,
        sha256=Submission(name=name, content=b"").sha256,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        outcomes=(outcome,),
        isolation=Isolation(level=Level.NONE, detail="there was nothing to run"),
        versions=engine.versions(),
    )
