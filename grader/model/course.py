"""What there is to do, and what is handed in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field

from grader.model.base import Frozen


class Limits(Frozen):
    """What one check may use."""

    cpu_s: float = Field(10, gt=0)
    """CPU seconds of the submission's processes."""
    wall_s: float = Field(20, gt=0)
    """Seconds on the clock, from the first question of a check to its last answer."""
    memory_mb: int = Field(1024, ge=256)
    """Memory of all the submission's processes together, torch's own 250 MB included."""
    processes: int = Field(32, ge=1)
    """Processes and threads."""
    output_kb: int = Field(16, ge=0)
    """Printed text that is kept; the rest is read and thrown away."""
    tmp_mb: int = Field(64, ge=1)
    """Size of /tmp and of /dev/shm in the box."""
    device_mb: float | None = Field(None, gt=0)
    """Memory of a simulated device that all tensors must fit into; see `meter`. None: no meter."""


class Rules(Frozen):
    """What is judged from the source alone."""

    forbid: tuple[str, ...] = ()
    """Names that this exercise is about building, matched whatever their owner or alias."""
    imports: tuple[str, ...] = (
        "torch",
        "math",
        "numpy",
        "dataclasses",
        "typing",
        "collections",
        "__future__",
    )
    """Modules that may be imported; a name covers its submodules."""
    lines: int | None = None
    """Most canonical lines, or no limit."""
    tokens: int = 1000
    """Most tokens where `lines` is set."""
    size_kb: int = 64
    expect: tuple[str, ...] = ()
    """Names that a solution would use; where one is missing, a note asks a person to look."""


class Exercise(Frozen):
    """One exercise: `exercise.yaml` and where its two halves lie."""

    slug: str
    unit: str
    title: str
    goal: str
    points: int = Field(gt=0)
    pass_mark: float = Field(1.0, gt=0, le=1)
    """Share of the points of the required checks that passes."""
    track: Literal["core", "extension", "depth"] = "core"
    after: tuple[str, ...] = ()
    """Slugs of the same unit that come first."""
    needs: tuple[Literal["mnist", "shakespeare", "tiny_gpt2", "bert"], ...] = ()
    """Data sets, and pretrained models that are mounted in the box."""
    personal: bool = False
    """The numbers are drawn for each learner."""
    trains: bool = False
    """The submission trains, so the worker loads the optimisers before it forks."""
    limits: Limits = Limits()
    rules: Rules = Rules()
    folder: Path = Field(exclude=True)
    """The public half."""
    solution: Path = Field(exclude=True)
    """The private half; it does not exist in a learner's kit."""

    @property
    def stub(self) -> Path:
        """What the learner edits: the file stub.py or stub.yaml, or the folder stub/."""
        others = (self.folder / "stub.yaml", self.folder / "stub")
        return next((path for path in others if path.exists()), self.folder / "stub.py")

    @property
    def reference(self) -> Path:
        """What is right: reference.py, or the folder reference/."""
        return self.solution / ("reference" if self.is_folder else "reference.py")

    @property
    def is_code(self) -> bool:
        return self.stub.suffix == ".py"

    @property
    def is_folder(self) -> bool:
        return self.stub.name == "stub"

    @property
    def is_run(self) -> bool:
        """Whether anything of a submission is run, so that it needs a box."""
        return self.is_code or (self.is_folder and any(self.stub.glob("**/*.py")))

    @property
    def has_hidden_checks(self) -> bool:
        """Whether they lie here; a learner's kit is without."""
        return (self.solution / "checks.py").exists()


class Unit(Frozen):
    """A group of exercises: one folder."""

    slug: str
    title: str


class Criterion(Frozen):
    """What a learner can do in the end, and the exercises that show it."""

    says: str = Field(min_length=1)
    by: tuple[str, ...] = Field(min_length=1)
    """Slugs; `slug: check_name` where one check of an exercise shows it."""


class Criteria(Frozen):
    """A list of them under a title."""

    title: str
    lines: tuple[Criterion, ...]


class Course(Frozen):
    """Units and exercises in order: `exercises/course.yaml` and the folders beside it."""

    title: str
    units: tuple[Unit, ...]
    hand_in: str = ""
    """How to hand in, where grading is done elsewhere: a sentence for the learner."""
    exercises: tuple[Exercise, ...] = ()
    """In course order."""
    criteria: tuple[Criteria, ...] = ()
    """What the course as a whole asks for: `exercises/criteria.yaml`."""


class Submission(Frozen):
    """The bytes that are graded, read once."""

    name: str
    """File name as the learner knows it, without folders."""
    content: bytes = Field(repr=False, exclude=True)
    note: str = ""
    """What a reader of line numbers must know; empty for a plain file."""

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()
