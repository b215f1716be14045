"""What a class handed in: whose file is for which exercise. Nothing is extracted, nothing is run.

A file is for the exercise that its name says, else the name of its folder; of several, the one that
its own name says, then the one in fewer folders. Links are not followed. What is wrong with one
learner's files is that learner's trouble, and the others are graded.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grader import catalogue, folder, notebook
from grader.bulk import archive
from grader.bulk.exports import Handed, handed, is_shown, text
from grader.model import Course, Exercise, Submission, UsageError

MOST_FILES = 10_000
"""Of one learner."""
ALSO = {".py": (".ipynb",)}
"""What may be handed in besides the kind of file that the stub is."""


class File(NamedTuple):
    """A file that was handed in, in a folder or in an archive."""

    name: PurePosixPath
    """Below the learner's folder."""
    path: Path
    member: str = ""
    """Its name in the archive `path`; empty where `path` is the file itself."""
    is_folder: bool = False
    """Then all below it; `member` is what the names of the files in an archive begin with."""


class Work(NamedTuple):
    """One learner's file for one exercise."""

    learner: str
    exercise: Exercise
    file: File
    sha256: str
    """Of what is graded: of a notebook its graded cells."""
    at: str = ""
    """When it was handed in, as the platform's export says it; most do not."""


class Trouble(NamedTuple):
    """Why something of a learner is not graded."""

    learner: str
    why: str


class Class(NamedTuple):
    """What a class handed in."""

    works: tuple[Work, ...]
    """By exercise in course order, then by learner."""
    troubles: tuple[Trouble, ...]


def everybody(learner: str) -> bool:
    """Takes every learner."""
    return True


def read_class(folder: Path, course: Course, takes: Callable[[str], bool] = everybody) -> Class:
    """Look through all that a class handed in.

    Args: takes, whether a learner is one of those asked for.
    Raises: UsageError where the folder cannot be read, or holds no submission at all.
    """
    found = list(handed(folder))
    if not found:
        raise UsageError(
            f"{text(folder.name)} holds no submissions; name a folder with one folder, or one zip,"
            " for each learner."
        )
    times = Counter(each.learner for each in found)
    works: list[Work] = []
    troubles = [
        Trouble(learner, f"handed in {count} times; keep one: {_names(found, learner)}.")
        for learner, count in times.items()
        if count > 1 and takes(learner)
    ]
    for each in found:
        if times[each.learner] == 1 and takes(each.learner):
            mine = _Learner(each, course)
            works += mine.works()
            troubles += [Trouble(each.learner, why) for why in mine.troubles]
    place = {each.slug: number for number, each in enumerate(course.exercises)}
    works.sort(key=lambda work: (place[work.exercise.slug], work.learner))
    return Class(tuple(works), tuple(sorted(troubles)))


def read(file: File) -> Submission:
    """What is graded of a file or a folder. Raises: UsageError if it cannot be read."""
    name = file.name.name
    if file.is_folder:
        return _read_folder(file)
    is_notebook = file.name.suffix == ".ipynb"
    most = notebook.MOST if is_notebook else catalogue.MAX_SUBMISSION
    if file.member:
        content = archive.read(file.path, file.member, most)
    elif file.path.is_symlink():
        raise UsageError(f"{name} is a link; hand in the file itself.")
    else:
        content = catalogue.read(file.path, name, most)
    return notebook.read(content, name) if is_notebook else Submission(name=name, content=content)


def _read_folder(file: File) -> Submission:
    if file.path.suffix.lower() != ".zip":
        return folder.read(file.path)
    inside = [each for each in archive.names(file.path) if each.startswith(file.member)]
    files, left = {}, folder.MOST_BYTES
    if len(inside) > folder.MOST_FILES:
        raise UsageError(f"{file.name.name} holds more than {folder.MOST_FILES} files; keep fewer.")
    for each in inside:
        below = each[len(file.member) :].replace("\\", "/").strip("/")
        if all(is_shown(part) for part in below.split("/")):
            files[below] = archive.read(file.path, each, left)
            left -= len(files[below])
    return folder.packed(file.name.name, files)


def _names(found: list[Handed], learner: str) -> str:
    paths = [path for each in found if each.learner == learner for path in each.things.values()]
    return ", ".join(sorted(text(path.name) for path in paths))


class _Learner:
    """What one learner handed in, and what is wrong with it."""

    def __init__(self, handed: Handed, course: Course) -> None:
        self.learner, self.things, self.at = handed
        self.course = course
        self.troubles: list[str] = []

    def works(self) -> Iterator[Work]:
        """The file for each exercise that there is one for."""
        files = [file for name, path in self.things.items() for file in self._files(name, path)]
        known = False
        for exercise in self.course.exercises:
            mine = _folders(exercise, files) if exercise.is_folder else _files(exercise, files)
            known = known or bool(mine)
            try:
                if mine:
                    file, sha256 = _best(exercise, mine)
                    yield Work(self.learner, exercise, file, sha256, self.at)
            except UsageError as error:
                self.troubles.append(str(error))
        if not known and not self.troubles:
            self.troubles.append("no file is for an exercise by its name; `grade list` shows them.")

    def _files(self, name: PurePosixPath, path: Path) -> Iterator[File]:
        """The files in a thing that was handed in."""
        try:
            if path.is_dir():
                yield from self._tree(name, path)
            elif path.suffix.lower() == ".zip":
                yield from _packed(name, path)
            else:
                yield File(name, path)
        except UsageError as error:
            self.troubles.append(str(error))

    def _tree(self, name: PurePosixPath, folder: Path) -> Iterator[File]:
        if folder.is_symlink():
            raise UsageError(f"{text(folder.name)} is a link; put the folder itself there.")
        count = 0
        for root, folders, files in os.walk(folder, onerror=self._unreadable):
            folders[:] = sorted(filter(is_shown, folders))
            for each in sorted(filter(is_shown, files)):
                count += 1
                if count > MOST_FILES:
                    raise UsageError(f"more than {MOST_FILES:,} files; hand in fewer.")
                path = Path(root, each)
                below = name / PurePosixPath(text(path.relative_to(folder).as_posix()))
                if path.suffix.lower() != ".zip":
                    yield File(below, path)
                elif path.is_file() and not path.is_symlink():
                    yield from self._files(below.with_suffix(""), path)

    def _unreadable(self, error: OSError) -> None:
        name = text(Path(error.filename or "").name)
        self.troubles.append(f"the folder {name} cannot be read: {error.strerror}.")


def _packed(name: PurePosixPath, path: Path) -> Iterator[File]:
    for member in archive.names(path):
        parts = [part for part in text(member.replace("\\", "/")).split("/") if part != ".."]
        if all(map(is_shown, parts)):
            yield File(name.joinpath(*filter(None, parts)), path, member)


def _files(exercise: Exercise, files: list[File]) -> list[File]:
    suffixes = (exercise.stub.suffix, *ALSO.get(exercise.stub.suffix, ()))
    return [
        file
        for file in files
        if file.name.suffix in suffixes and exercise.slug in (file.name.stem, file.name.parent.name)
    ]


def _folders(exercise: Exercise, files: list[File]) -> list[File]:
    """The folders of the exercise's name that files lie in."""
    found: dict[File, None] = {}
    for file in files:
        for depth, parent in enumerate(file.name.parents):
            if parent.name == exercise.slug:
                parts = file.member.replace("\\", "/").split("/")[: -depth - 1]
                begin = "".join(f"{part}/" for part in parts)
                path = file.path if file.member else file.path.parents[depth]
                found[File(parent, path, begin, is_folder=True)] = None
    return list(found)


def _best(exercise: Exercise, files: list[File]) -> tuple[File, str]:
    """The file to grade, and the sha256 of what is graded of it.

    Raises: UsageError if it cannot be read, or if two are as good and differ.
    """

    def rank(file: File) -> tuple[bool, int]:
        return file.name.stem != exercise.slug, len(file.name.parts)

    best = min(map(rank, files))
    equal = [file for file in files if rank(file) == best]
    found = {read(file).sha256: file for file in reversed(equal)}
    if len(found) > 1:
        names = " and ".join(sorted(str(file.name) for file in found.values()))
        raise UsageError(f"{names} are both for {exercise.slug}; keep one.")
    ((sha256, file),) = found.items()
    return file, sha256
