"""A learner's folder: the files to edit, and what is remembered beside them.

    README.md             what to do
    <unit>/<slug>.py      what the learner edits; .yaml for answers, .ipynb for a notebook, or a
                          folder <unit>/<slug>/
    .gitignore            keeps .grader/ out of git
    .grader/course        where the course lies; its presence makes the folder a workspace
    .grader/hints/<slug>  how many hints were read
    .grader/kept/         what `reset` put aside
    .grader/results/      the ledger

Nothing of the learner's is ever overwritten: files are made only where none is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from grader import catalogue, notebook
from grader import folder as folders
from grader.model import Course, Exercise, Submission, UsageError

if TYPE_CHECKING:
    from grader.ledger import Ledger

STATE = ".grader"
SUFFIXES = (".py", ".yaml", ".ipynb")
README = """# {title}

Each file below this folder is an exercise. Open one, read its task, edit, and grade it:

    grade                 grade what comes next, and say what follows
    grade watch           the same, at every save
    grade show SLUG       the task
    grade hint SLUG       a hint; up to three, each says more
    grade list            all exercises in course order
    grade status          how far you are
    grade reset SLUG      start an exercise anew; your file is kept

Results are kept in `.grader/`, which git does not see.
"""


class Made(NamedTuple):
    """What `init` did."""

    added: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that were there already, untouched."""


class Workspace:
    """One learner's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / STATE

    @property
    def course(self) -> Path:
        """The course's folder. Raises: UsageError where it has gone."""
        try:
            path = Path((self.state / "course").read_text("utf-8").strip())
            if path.is_absolute() and (path / "exercises/course.yaml").exists():
                return path
        except (OSError, ValueError):
            pass
        raise UsageError(
            "the course of this workspace is not where it was; say where it is now: "
            "`grade init . --course DIR`."
        )

    def file_of(self, exercise: Exercise) -> Path:
        """The file or folder to grade; of several, the one saved last.

        Raises: UsageError if there is none.
        """
        there = Path.is_dir if exercise.is_folder else Path.is_file
        found = [path for path in self.places(exercise) if there(path)]
        if found:
            return max(found, key=lambda path: path.stat().st_mtime_ns)
        name = self.place(exercise).relative_to(self.folder)
        kind = "folder" if exercise.is_folder else "file"
        raise UsageError(f"there is no {kind} {name} here; `grade init .` makes it from its stub.")

    def place(self, exercise: Exercise, suffix: str = "") -> Path:
        """Where `init` puts the exercise's file."""
        return self.folder / exercise.unit / (exercise.slug + (suffix or exercise.stub.suffix))

    def places(self, exercise: Exercise) -> Iterator[Path]:
        """Where the exercise's file may lie."""
        for folder in (self.folder / exercise.unit, self.folder):
            suffixes = ("",) if exercise.is_folder else SUFFIXES
            yield from (folder / (exercise.slug + suffix) for suffix in suffixes)

    def hints_read(self, exercise: Exercise) -> int:
        """How many hints of an exercise were read."""
        try:
            return int((self.state / "hints" / exercise.slug).read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def remember_hint(self, exercise: Exercise, step: int) -> None:
        """Note that hints up to `step` were read; where nothing can be written, nothing is."""
        if step > self.hints_read(exercise):
            path = self.state / "hints" / exercise.slug
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(str(step), "ascii")

    def reset(self, exercise: Exercise) -> tuple[Path, Path | None]:
        """Start an exercise anew: the file and, where one was put aside, its copy."""
        there = [path for path in self.places(exercise) if path.exists()]
        path, kept = there[0] if there else self.place(exercise), None
        with _writing(path):
            if path.exists():
                kept = self._put_aside(path)
            _write_fresh(path, exercise)
        return path, kept

    def _put_aside(self, path: Path) -> Path:
        now = datetime.now(UTC)
        kept = self.state / "kept" / f"{path.stem}-{now:%Y%m%dT%H%M%S.%fZ}{path.suffix}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        path.rename(kept)
        return kept


def find(here: Path | None = None) -> Workspace | None:
    """The workspace around a folder, if there is one."""
    here = here or Path.cwd()
    for folder in (here, *here.parents):
        if (folder / STATE / "course").exists():
            return Workspace(folder)
    return None


def init(folder: Path, root: Path, course: Course, *, as_notebooks: bool = False) -> Made:
    """Write what is missing of a workspace: all of it, or what a newer course added.

    Raises: UsageError if the folder is the course itself, or cannot be written.
    """
    if (folder / "exercises/course.yaml").exists():
        raise UsageError("this is the course itself; name another folder, as in `grade init work`.")
    wanted = {"README.md": README.format(title=course.title), ".gitignore": f"{STATE}/\n"}
    home = Workspace(folder)
    have = {}
    for exercise in course.exercises:
        there = [path for path in home.places(exercise) if path.exists()]
        suffix = ".ipynb" if as_notebooks and exercise.is_code else exercise.stub.suffix
        path = there[0] if there else home.place(exercise, suffix)
        have[path.relative_to(folder).as_posix()] = exercise
    added, kept = [], []
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*wanted, *have]:
            if (folder / name).exists():
                kept.append(name)
                continue
            if name in wanted:
                _write_new(folder / name, wanted[name].encode())
            else:
                _write_fresh(folder / name, have[name])
            added.append(name)
        home.state.mkdir(exist_ok=True)
        (home.state / "course").write_text(f"{root}\n", "utf-8")
    return Made(tuple(added), tuple(kept))


def fresh(exercise: Exercise, suffix: str) -> str:
    """The text of an exercise's file before anybody edited it."""
    stub = exercise.stub.read_text("utf-8")
    if suffix != ".ipynb":
        return stub
    return notebook.write(exercise.slug, (exercise.folder / "README.md").read_text("utf-8"), stub)


def read(exercise: Exercise, path: Path) -> Submission:
    """A submission: the file or folder as it is, or the graded cells of a notebook.

    Raises: UsageError if it cannot be read or is no notebook.
    """
    if path.suffix != ".ipynb":
        return catalogue.read_as(exercise, path)
    content = catalogue.read(path, path.name, most=notebook.MOST)
    return notebook.read(content, path.name)


def is_untouched(exercise: Exercise, submission: Submission) -> bool:
    """Whether nobody has edited the file yet; white space does not count."""
    if exercise.is_folder:
        return submission.content == catalogue.read_as(exercise, exercise.stub).content
    return submission.content.split() == exercise.stub.read_bytes().split()


def unfinished(course: Course, ledger: Ledger) -> list[Exercise]:
    """The exercises still to do, in course order; in a kit the visible examples decide."""
    done = {slug for slug, row in ledger.best().items() if row.passed}
    kits = {each.slug for each in course.exercises if not each.has_hidden_checks}
    latest = ledger.latest() if kits else {}
    done |= {s for s in kits & latest.keys() if ledger.read(latest[s].path).only_examples}
    return [each for each in course.exercises if each.slug not in done]


def _write_fresh(path: Path, exercise: Exercise) -> None:
    if not exercise.is_folder:
        _write_new(path, fresh(exercise, path.suffix).encode())
        return
    stub = catalogue.read_as(exercise, exercise.stub)
    for name, content in folders.unpack(stub.content).items():
        _write_new(path / name, content)


def _write_new(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = Path(error.filename).name if error.filename else path.name
        raise UsageError(
            f"{name} cannot be written: {error.strerror}; nothing was overwritten."
        ) from None
