"""What several commands share: the course, the ledger's place, the learner's name."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from grader import catalogue
from grader.model import Course

course_option = click.option(
    "--course",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the course; else the nearest one with exercises/course.yaml.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def load_course(folder: Path | None) -> tuple[Path, Course]:
    """The course folder and what it holds."""
    root = catalogue.find_root(folder)
    return root, catalogue.load(root)


def state_folder() -> Path:
    """`.grader` of the nearest parent that has one or holds a course, else of this folder."""
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
