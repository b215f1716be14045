"""The definition of an exam: `exams/<exam>/exam.yaml`, frozen by its hash when a sitting begins."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, field_validator, model_validator

from grader.documents import read_yaml, validate
from grader.model import Frozen, UsageError

NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"


class PartDefinition(Frozen):
    """One part, as every learner gets it."""

    name: str = Field(pattern=NAME)
    form: Literal["exercise", "diagnosis", "essay"]
    """What kind of task it is: how its paper is made and how it is marked."""
    seconds: int = Field(gt=0, le=24 * 3600)
    files: tuple[str, ...] = Field(min_length=1)
    """What is handed in: paths below the learner's folder; a star stands for part of a name."""
    points: int = Field(gt=0)

    @field_validator("files")
    @classmethod
    def _below(cls, files: tuple[str, ...]) -> tuple[str, ...]:
        for path in files:
            if any(step in ("", ".", "..", "**") for step in path.split("/")):
                raise ValueError(f"`{path}` must be a plain path below the learner's folder")
        return files


class Window(Frozen):
    """When a sitting may be started, with a time zone: `"2026-12-01T09:00+01:00"`, in quotes."""

    opens: AwareDatetime | None = None
    closes: AwareDatetime | None = None


class PassMark(Frozen):
    """What passes the exam."""

    total: int = Field(gt=0)
    """Points."""
    each_part_percent: float = Field(0, ge=0, le=100)


class Exam(Frozen):
    """One exam: its parts, in the order in which they are taken."""

    exam: str = Field(pattern=NAME)
    parts: tuple[PartDefinition, ...] = Field(min_length=1)
    order: Literal["sequential"] = "sequential"
    """A part that is submitted early moves on; the time left over is not carried."""
    autosave_s: int = Field(20, ge=5, le=300)
    grace_s: int = Field(10, ge=0, le=60)
    """Only for writing down a snapshot whose reading began in time."""
    start_window: Window = Window()
    pass_mark: PassMark = Field(alias="pass")
    sha256: str = Field("", exclude=True)
    """Hash of the file."""

    @model_validator(mode="after")
    def _consistent(self) -> Exam:
        names = [part.name for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("two parts have the same name")
        if self.pass_mark.total > (points := sum(part.points for part in self.parts)):
            raise ValueError(f"the pass mark is {self.pass_mark.total} of {points} points")
        return self


class Accommodation(Frozen):
    """More time for one learner, the same way for every part."""

    factor: float = Field(1, ge=1, le=4)
    minutes: int = Field(0, ge=0, le=240)


def load(folder: Path) -> Exam:
    """The exam in a folder. Raises: UsageError with the line of whatever is wrong."""
    path = folder / "exam.yaml"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{folder.name}/exam.yaml: {error.strerror}; name an exam.") from None
    exam = parse(content, name := f"{folder.name}/{path.name}")
    if exam.exam != folder.name:
        raise UsageError(f"{name}: the exam calls itself {exam.exam}; name both alike.")
    return exam


def parse(content: bytes, name: str) -> Exam:
    """The exam in an exam.yaml. Raises: UsageError with the line of whatever is wrong."""
    data, lines = read_yaml(content, name)
    return validate(Exam, data, lines, name, sha256=sha256(content).hexdigest())
