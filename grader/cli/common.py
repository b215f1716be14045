"""What several commands share: the course, the ledger's place, the learner's name."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from grader import catalogue, workspace
from grader.model import Course, Exercise, GraderFault, Level, UsageError

course_option = click.option(
    "--course",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the course; else the nearest one with exercises/course.yaml.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def refuse_unsandboxed(level: Level, allowed: bool) -> None:
    """Raises: GraderFault where others' submissions would run and nothing is isolated."""
    if level not in (Level.STRICT, Level.CONTAINER) and not allowed:
        raise GraderFault(
            "nothing is isolated on this machine, so nothing of others is graded here; see"
            " `grade doctor`, or use --allow-unsandboxed."
        )


def load_course(folder: Path | None) -> tuple[Path, Course]:
    """The course folder and what it holds; in a workspace the one it was made from."""
    home = workspace.find()
    if home and folder is None and "GRADER_COURSE" not in os.environ:
        folder = home.course
    root = catalogue.find_root(folder)
    return root, catalogue.load(root)


def need_workspace() -> workspace.Workspace:
    """The workspace around this folder. Raises: UsageError if there is none."""
    if home := workspace.find():
        return home
    raise UsageError("this folder is no workspace; make one: `grade init DIR`, then `cd DIR`.")


def task_of(exercise: Exercise, home: workspace.Workspace) -> str:
    """Where to begin, in three lines."""
    file = home.file_of(exercise).relative_to(home.folder)
    return (
        f"{exercise.slug}: {exercise.title}, {exercise.points} points\n{exercise.goal}\n\n"
        f"Edit {file} and save it. The task in full: grade show {exercise.slug}"
    )


def state_folder() -> Path:
    """`.grader` of the nearest parent that has one or holds a course, else of this folder."""
    if home := workspace.find():
        return home.state
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".grader").is_dir() or (folder / "exercises/course.yaml").exists():
            return folder / ".grader"
    return here / ".grader"


def learner_name() -> str:
    """GRADER_LEARNER, else the user's name on this machine."""
    try:
        return os.environ.get("GRADER_LEARNER") or getpass.getuser()
    except (OSError, KeyError):
        return "learner"


def complete_slug(_: Any, __: Any, incomplete: str) -> list[str]:
    """Shell completion for exercise names."""
    try:
        course = load_course(None)[1]
    except Exception:
        return []
    return [each.slug for each in course.exercises if each.slug.startswith(incomplete)]


slug_argument: Callable[[Any], Any] = click.argument("slug", shell_complete=complete_slug)
