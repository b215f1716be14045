"""What grading found: score, pass and exit code are derived, never stored."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, computed_field, model_validator

from grader.model.base import Frozen


class Status(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """The submission raised."""
    TIMEOUT = "timeout"
    MEMORY = "memory"
    KILLED = "killed"
    """The submission ended its own process, or crashed it."""
    FORBIDDEN = "forbidden"
    SKIPPED = "skipped"
    """Nothing was asked, because something before it went wrong: it earns nothing."""
    NOT_APPLICABLE = "not_applicable"
    """This machine has not what the check needs: no points are earned here, and none are lost."""
    SELF_ASSESSED = "self_assessed"
    """The learner says yes; no machine judged."""
    NOT_YET = "not_yet"
    """The learner says no, or nothing, where only a person can judge."""
    GRADER_FAULT = "grader_fault"


class Level(StrEnum):
    """How well a submission is isolated; see docs/security.md."""

    STRICT = "strict"
    CONTAINER = "container"
    BASIC = "basic"
    NONE = "none"
    """Nothing was run: the submission is data."""


class Array(Frozen):
    """A tensor small enough to be read, or the corner of a larger one."""

    shape: tuple[int, ...]
    dtype: str
    values: tuple[float | None, ...] = ()
    """Row by row, at most 64; empty where the tensor is larger."""
    transposed: bool = False
    """An input whose axes lie in another order in memory, as those of `x.mT` do."""


class Counterexample(Frozen):
    """The smallest input found for which a claim does not hold."""

    call: str = ""
    """The call as text: `softmax(x, dim=0)`."""
    inputs: dict[str, Array | str] = Field({})
    expected: Array | None = None
    got: Array | None = None
    at: tuple[int, ...] | None = None
    """Index of the first difference."""
    error: float | None = None
    allowed: float | None = None


class Measure(Frozen):
    """A number that the grader measured."""

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    """The value asked for, or nothing where the number is only shown."""
    better: Literal["higher", "lower"] = "higher"


class Curve(Frozen):
    """Lines over a common x axis, with horizontal levels to compare them with."""

    title: str
    x_label: str
    y_label: str
    series: dict[str, tuple[tuple[float, float], ...]]
    levels: dict[str, float] = Field({})


class Outcome(Frozen):
    """What one check found."""

    check: str
    claim: str
    """The sentence that the learner reads: the check's docstring."""
    status: Status
    message: str = ""
    line: int | None = None
    """Line of the learner's file, where there is one."""
    file: str = ""
    """Which file of a folder; empty where the submission is a file itself."""
    counterexample: Counterexample | None = None
    mistakes: tuple[str, ...] = ()
    """Sentences of the known mistakes that give the same wrong answers."""
    next_step: str = ""
    weight: float = 1
    """Share of the exercise's points, relative to the other checks."""
    merit: bool = False
    """Shown and worth points, but not needed to pass."""
    measures: tuple[Measure, ...] = ()
    curves: tuple[Curve, ...] = ()
    seconds: float = 0
    cpu_s: float = 0
    peak_mb: float = 0
    printed: str = ""
    """What the submission printed during this check."""

    @property
    def judged(self) -> bool:
        """Whether the grader judged this, and not the learner."""
        return self.status not in (Status.SELF_ASSESSED, Status.NOT_YET)

    @property
    def applies(self) -> bool:
        return self.status is not Status.NOT_APPLICABLE

    @property
    def required(self) -> bool:
        """Whether this is needed to pass."""
        return self.judged and self.applies and not self.merit


class Isolation(Frozen):
    """How the submission was kept apart, named in every verdict."""

    level: Level
    detail: str = ""
    device: Literal["cpu", "cuda"] = "cpu"
    """The fastest device that the submission was allowed to use."""


class Counted(Frozen):
    """What counts in place of a score: after the late policy, or as a person gave it."""

    score: float
    penalty: float = Field(0, ge=0)
    """Points that were taken off because the work was late."""
    why: str
    """A sentence that names the grader's points too."""


class Verdict(Frozen):
    """One submission, graded. Score, pass and exit code are derived, never stored."""

    schema_: Annotated[Literal["grader.verdict/1"], Field(alias="schema")] = "grader.verdict/1"
    exercise: str
    unit: str
    title: str
    points: int
    pass_mark: float = 1.0
    file: str
    sha256: str
    learner: str = ""
    started: str
    """ISO 8601, UTC."""
    seed: int
    factor: float = Field(1, ge=0, le=1)
    """What each point is worth, where the whole is not as was asked for; the notes say why."""
    outcomes: tuple[Outcome, ...]
    isolation: Isolation
    versions: dict[str, str] = Field({})
    hashes: dict[str, str] = Field({})
    """sha256 of checks, reference and data."""
    notes: tuple[str, ...] = ()
    """What the reader must know: which data stood in, which numbers are personal."""
    stand_ins: tuple[str, ...] = ()
    """Data sets and models that the exercise asks for and that others stood in for."""
    seconds: float = 0
    counted: Counted | None = None
    """Put in when a class is reported on, never in a record: what is graded stays as it was."""

    @model_validator(mode="before")
    @classmethod
    def _drop_derived(cls, data: Any) -> Any:
        derived = ("passed", "score", "exit_code")
        return (
            {k: v for k, v in data.items() if k not in derived} if isinstance(data, dict) else data
        )

    def worth(self, outcome: Outcome) -> float:
        """Points that this outcome carries."""
        total = sum(each.weight for each in self.outcomes if each.applies)
        return self.points * outcome.weight / total if outcome.applies and total else 0.0

    def earned(self, outcome: Outcome) -> float:
        """Points earned here: all or none, times the factor; none beside a forbidden name."""
        forbidden = any(each.status is Status.FORBIDDEN for each in self.outcomes)
        fine = outcome.status is Status.PASSED and not forbidden
        return self.worth(outcome) * self.factor if fine else 0.0

    @property
    def at_stake(self) -> float:
        """Points that the machine does not judge: an instructor may give them."""
        return sum(self.worth(each) for each in self.outcomes if not each.judged)

    @property
    def faults(self) -> tuple[Outcome, ...]:
        return tuple(each for each in self.outcomes if each.status is Status.GRADER_FAULT)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> float:
        return round(sum(self.earned(each) for each in self.outcomes), 2)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def passed(self) -> bool:
        """Enough points of the required checks, every rule kept, and no grader fault."""
        required = [each for each in self.outcomes if each.required]
        possible = sum(self.worth(each) for each in required)
        earned = sum(self.earned(each) for each in required)
        unweighted = all(each.status is Status.PASSED for each in required if each.weight == 0)
        return (
            bool(possible)
            and not self.faults
            and unweighted
            and earned >= self.pass_mark * possible - 1e-9
        )

    @property
    def counts(self) -> float:
        """The points that stand in a gradebook."""
        return self.counted.score if self.counted else self.score

    @property
    def only_examples(self) -> bool:
        """Whether all that could be checked here holds, and nothing of it was worth points."""
        asked = [each for each in self.outcomes if each.judged and each.applies]
        fine = all(each.status is Status.PASSED for each in asked)
        return fine and bool(self.outcomes) and not any(each.weight for each in self.outcomes)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        """0 passed, 1 not passed, 3 grader fault; no outcome at all is a grader fault."""
        if self.faults or not self.outcomes:
            return 3
        return 0 if self.passed else 1
