"""Find and validate a course: a folder whose layout is the format.

exercises/                       the public half; a learner may have all of it
    course.yaml                  title, units in order
    criteria.yaml                what the course as a whole asks for (optional)
    <unit>/<slug>/exercise.yaml README.md stub.py|stub.yaml|stub/ examples.py [questions.py]
solutions/                       the private half, same names
    <unit>/<slug>/reference.py|reference/ checks.py hints.md [accepted/<name>.py]
    <unit>/<slug>/mistakes/<name>.yaml      edits of the reference, or <name>.py in full
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, RootModel, model_validator

from grader import folder as folders
from grader.documents import read_yaml, validate
from grader.edits import Edit, edited
from grader.model import (
    Course,
    Criteria,
    Criterion,
    Exercise,
    Frozen,
    GraderFault,
    Submission,
    Unit,
    UsageError,
)

MAX_SUBMISSION = 1 << 20


class Mistake(NamedTuple):
    """A wrong submission on purpose."""

    name: str
    path: Path
    sentence: str
    """What a learner who made it should read."""
    check: str
    """The check that must refuse it; `rules` where the source alone does."""


class Changed(Frozen):
    """mistakes/<name>.yaml: a mistake as edits of the reference."""

    says: str = Field(min_length=1)
    caught_by: str = Field(pattern=r"^(check_\w+|rules)$")
    edits: tuple[Edit, ...] = ()
    without: tuple[str, ...] = ()
    """Where the reference is a folder: files that are not there."""

    @model_validator(mode="after")
    def _changes(self) -> Changed:
        if not self.edits and not self.without:
            raise ValueError("edits: name at least one")
        return self


class Lists(RootModel[dict[str, tuple[Criterion, ...]]]):
    """criteria.yaml: title -> lines."""


class Header(Frozen):
    """course.yaml."""

    title: str
    units: tuple[Unit, ...]
    hand_in: str = ""


def find_root(given: Path | None = None) -> Path:
    """The course folder: the one given, else the nearest parent with exercises/course.yaml, else
    the one that came with the grader.

    Raises: UsageError if there is none.
    """
    named = given or (Path(os.environ["GRADER_COURSE"]) if "GRADER_COURSE" in os.environ else None)
    if named is not None:
        if not (named / "exercises/course.yaml").exists():
            raise UsageError(
                f"{named.resolve().name} is no course: it has no exercises/course.yaml."
            )
        return named.resolve()
    here, ours = Path.cwd(), Path(__file__).resolve().parent
    for folder in (here, *here.parents, ours.parent, ours / "course"):
        if (folder / "exercises/course.yaml").exists():
            return folder
    raise UsageError("no course here: go to a folder with exercises/course.yaml, or use --course.")


def load(root: Path) -> Course:
    """Read the whole course. Raises: UsageError with file and line of what is not well formed."""
    path = root / "exercises/course.yaml"
    data, lines = read_yaml(read(path, "course.yaml"), "course.yaml")
    header = validate(Header, data, lines, "course.yaml")
    exercises: list[Exercise] = []
    for unit in header.units:
        found = {each.slug: each for each in _exercises(root, unit)}
        exercises += _in_order(found)
    twice = {each.slug for each in exercises if sum(e.slug == each.slug for e in exercises) > 1}
    if twice:
        raise UsageError(f"two exercises are named {sorted(twice)[0]}; names are unique.")
    return Course(
        **header.model_dump(exclude={"units"}),
        units=header.units,
        exercises=tuple(exercises),
        criteria=_criteria(root, {each.slug for each in exercises}),
    )


def _criteria(root: Path, slugs: set[str]) -> tuple[Criteria, ...]:
    path = root / "exercises/criteria.yaml"
    if not path.exists():
        return ()
    data, lines = read_yaml(read(path, path.name), path.name)
    lists = validate(Lists, data, lines, path.name).root
    found = tuple(Criteria(title=title, lines=each) for title, each in lists.items())
    for criteria in found:
        for line in criteria.lines:
            if unknown := [each for each in line.by if each.split(": ")[0] not in slugs]:
                raise UsageError(f"criteria.yaml: `{unknown[0]}` is no exercise of this course.")
    return found


def _exercises(root: Path, unit: Unit) -> Iterator[Exercise]:
    for path in sorted((root / "exercises" / unit.slug).glob("*/exercise.yaml")):
        slug = path.parent.name
        yield read_exercise(path.parent, root / "solutions" / unit.slug / slug)


def read_exercise(folder: Path, solution: Path) -> Exercise:
    """One exercise, in a course or outside of one: its two halves, UNIT/SLUG each.

    Raises: UsageError with file and line of what is not well formed.
    """
    name = f"{folder.name}/exercise.yaml"
    data, lines = read_yaml(read(folder / "exercise.yaml", name), name)
    place = {"slug": folder.name, "unit": folder.parent.name}
    return validate(Exercise, data, lines, name, **place, folder=folder, solution=solution)


def _in_order(found: dict[str, Exercise]) -> list[Exercise]:
    """By name, but each after those that its `after` names."""
    done: dict[str, Exercise] = {}

    def visit(each: Exercise, path: tuple[str, ...]) -> None:
        if each.slug in path:
            raise UsageError(f"{each.slug}/exercise.yaml: `after` goes in a circle.")
        if each.slug in done:
            return
        for slug in each.after:
            if slug not in found:
                raise UsageError(f"{each.slug}/exercise.yaml: after: no exercise `{slug}` here.")
            visit(found[slug], (*path, each.slug))
        done[each.slug] = each

    for each in found.values():
        visit(each, ())
    return list(done.values())


def find(course: Course, slug: str) -> Exercise:
    """The exercise of that name. Raises: UsageError with the nearest names."""
    names = {each.slug: each for each in course.exercises}
    if slug in names:
        return names[slug]
    near = difflib.get_close_matches(slug, names, 3)
    known = (
        f"Did you mean: {', '.join(near)}" if near else f"Known: {', '.join(sorted(names)[:10])}"
    )
    raise UsageError(f"no exercise named `{slug}`. {known}.")


def read_submission(path: Path) -> Submission:
    """Read a submission once. Raises: UsageError if it is no readable file of at most 1 MB."""
    return Submission(name=path.name, content=read(path, path.name or "that"))


def read_as(exercise: Exercise, path: Path) -> Submission:
    """A file or a folder, as the exercise asks for. Raises: UsageError as `read_submission`."""
    return folders.read(path) if exercise.is_folder else read_submission(path)


def read(path: Path, name: str, most: int = MAX_SUBMISSION) -> bytes:
    """The bytes of a regular file, symbolic links followed. Raises: UsageError."""
    try:
        if path.is_dir():
            raise UsageError(f"{name} is a folder; a file is needed here.")
        if not path.exists():
            raise UsageError(f"there is no file {name}; check the name, or `grade list`.")
        if not path.is_file():
            raise UsageError(f"{name} is no regular file; a file is needed here.")
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            size = path.stat().st_size / 1e6
            raise UsageError(
                f"{name} has {size:.1f} MB; at most {most >> 20} MB of source is graded."
            )
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from None
    return content


def exercise_of(course: Course, path: Path) -> Exercise:
    """Which exercise a file belongs to: by its name, or by the folder that it lies in.

    Raises: UsageError if neither is an exercise.
    """
    for name in (path.stem, path.resolve().parent.name):
        for each in course.exercises:
            if each.slug == name:
                return each
    raise UsageError(
        f"{path.name} belongs to no exercise by its name; use `grade run SLUG --file {path.name}`."
    )


def mistakes(exercise: Exercise) -> tuple[Mistake, ...]:
    """The known mistakes of an exercise, in order of their names.

    Raises: GraderFault if a file lacks its sentence or its check.
    """
    folder = exercise.solution / "mistakes"
    paths = sorted([*folder.glob("*.py"), *folder.glob("*.yaml")], key=lambda path: path.stem)
    return tuple(_mistake(path) for path in paths)


def source(exercise: Exercise, path: Path) -> str:
    """The program in a file of the private half: as it stands there, or the edited reference.

    Raises: GraderFault if an edit does not find its place.
    """
    if path.suffix != ".yaml":
        return path.read_text("utf-8")
    try:
        return edited(exercise.reference.read_text("utf-8"), _changed(path).edits)
    except GraderFault as fault:
        raise GraderFault(f"{exercise.slug}/mistakes/{path.name}: {fault}") from None


def folder_of(exercise: Exercise, path: Path) -> Submission:
    """A folder of the private half as a submission, or the reference with a mistake's edits.

    Raises: GraderFault if an edit does not find its place.
    """
    if path.suffix != ".yaml":
        return folders.read(path)
    files, changed = folders.unpack(folders.read(exercise.reference).content), _changed(path)
    try:
        for edit in changed.edits:
            text = files[edit.file].decode("utf-8")
            files[edit.file] = edited(text, [edit]).encode()
        for name in changed.without:
            del files[name]
    except KeyError as error:
        raise GraderFault(f"{exercise.slug}/mistakes/{path.name}: no file {error}.") from None
    except GraderFault as fault:
        raise GraderFault(f"{exercise.slug}/mistakes/{path.name}: {fault}") from None
    return folders.packed(path.stem, files)


def _changed(path: Path) -> Changed:
    name = f"{path.parent.parent.name}/mistakes/{path.name}"
    try:
        return _parsed(read(path, name), name)
    except UsageError as error:
        raise GraderFault(str(error)) from None


@cache  # every check that fails asks for all of them
def _parsed(content: bytes, name: str) -> Changed:
    data, lines = read_yaml(content, name)
    return validate(Changed, data, lines, name)


def _mistake(path: Path) -> Mistake:
    if path.suffix == ".yaml":
        changed = _changed(path)
        return Mistake(path.stem, path, changed.says, changed.caught_by)
    head = re.match(
        r'(?:from[^\n]*\n|\s)*r?"""(.+?)\ncaught by: (check_\w+|rules)',
        path.read_text("utf-8"),
        re.S,
    )
    if head is None:
        raise GraderFault(
            f"{path.parent.parent.name}/mistakes/{path.name} needs a docstring: a sentence, then "
            "`caught by: check_...` or `caught by: rules`."
        )
    sentence = " ".join(head[1].split())
    return Mistake(path.stem, path, sentence, head[2])


def hints(exercise: Exercise) -> tuple[str, ...]:
    """The steps of hints.md: what stands under its `## ` headings."""
    path = exercise.solution / "hints.md"
    if not path.exists():
        return ()
    parts = re.split(r"^## .*$", path.read_text("utf-8"), flags=re.M)
    return tuple(part.strip() for part in parts[1:] if part.strip())
