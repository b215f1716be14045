"""Where an exam lies, and what a candidate gets for each of its parts.

exams/<exam>/exam.yaml  exams/<exam>/<part>/      the public half
solutions/exams/<exam>/<part>/                    the private half, at the instructor's only
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from grader.exam.place import Paper
from grader.exam.task import Form, Task
from grader.exam.ticket import Ticket
from grader.model import GraderFault, UsageError
from grader.sitting import exam as definition
from grader.sitting.chain import canonical, digest
from grader.sitting.exam import Accommodation

PRACTICE = "mock"
"""Who sits an exam that does not count."""


def find(course: Path, name: str | None = None) -> Path:
    """The folder of an exam of this course; without a name, of the only one. Raises: UsageError."""
    known = {path.parent.name: path.parent for path in sorted(course.glob("exams/*/exam.yaml"))}
    if not known:
        raise UsageError("this course has no exams here; ask the instructor for a ticket.")
    if name is None and len(known) > 1:
        raise UsageError(f"name one of the exams: {', '.join(known)}.")
    if name is not None and name not in known:
        raise UsageError(f"no exam named `{name}`; this course has {', '.join(known)}.")
    return known[name] if name else next(iter(known.values()))


def tasks(folder: Path) -> dict[str, Task]:
    """The parts of an exam, in order, with both halves. Raises: UsageError where one is missing."""
    exam = definition.load(folder)
    private = folder.parent.parent / "solutions" / "exams" / folder.name
    found = {part.name: Task(part, folder / part.name, private / part.name) for part in exam.parts}
    if lacking := [name for name, task in found.items() if not task.solution.is_dir()]:
        raise UsageError(
            f"the private half of {exam.exam} is not here ({', '.join(lacking)}), and papers are"
            " made from it; go to the instructor's copy of the course, or ask for a ticket."
        )
    return found


def papers(folder: Path, seed: int) -> Mapping[str, Paper]:
    """The paper of every part of the exam in `folder`, the same for the same seed.

    Raises: UsageError where the private half is missing, GraderFault for a paper that is unfit.
    """
    made = {name: form(task).paper(task, seed) for name, task in tasks(folder).items()}
    owner: dict[str, str] = {}
    for part, paper in made.items():
        for path in paper:
            steps = path.split("/")
            if any(step in ("", ".", "..") or step.startswith(".") for step in steps):
                raise GraderFault(f"The paper of {part} has a file {path}; use a plain path.")
            if owner.setdefault(os.path.normcase(path), part) != part:
                raise GraderFault(f"{path} is in the papers of {owner[path]} and {part}.")
    return made


def practice(folder: Path, minutes: int) -> Ticket:
    """The ticket of a sitting that does not count, `minutes` for all parts together.

    Raises: as `papers`.
    """
    exam = definition.load(folder)
    scale = minutes * 60 / sum(part.seconds for part in exam.parts)
    scaled = exam.model_dump(mode="json", by_alias=True)
    for part in scaled["parts"]:
        part["seconds"] = max(1, round(part["seconds"] * scale))
    content = canonical({**scaled, "start_window": {}})
    seed = secrets.randbelow(1 << 31)
    return Ticket(
        definition=content,
        sha256=digest(content),
        learner=PRACTICE,
        level="mock",
        number="",
        seed=seed,
        accommodation=Accommodation(),
        key=secrets.token_bytes(32),
        papers=papers(folder, seed),
    )


def form(task: Task) -> Form:
    """The module of a part's form."""
    return cast(Form, import_module(f"grader.exam.{task.part.form}"))
