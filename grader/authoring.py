"""An exercise proves itself: its checks are tested against right and wrong submissions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from grader import catalogue, engine, rubric
from grader.box import Box
from grader.model import Exercise, Isolation, Status, UsageError, Verdict
from grader.warm import box_of

EXAMPLES = 20
SEEDS = (1, 2, 3, 4, 5)
LEAST_MISTAKES = 4
SHARE_OF_LIMITS = 0.5
RULES = "rules"
"""What a mistake names that the source alone gives away; it is not run."""
TEMPLATE = Path(__file__).parent / "template"


class Bench(NamedTuple):
    """Where trials are run."""

    isolation: Isolation
    box: Box | None = None
    """A warm one for this exercise, so that torch is imported once for all its trials."""


class Trial(NamedTuple):
    """One thing to try with an exercise."""

    what: str
    problem: Callable[[Bench], str]
    """Tries it, and says what is wrong; an empty text if nothing is."""


class Proof(NamedTuple):
    """One thing that was tried, and what is wrong with it; empty if nothing is."""

    exercise: str
    what: str
    problem: str


def prove(exercise: Exercise, isolation: Isolation) -> Iterator[Proof]:
    """Try the stub, the reference, every mistake and every accepted answer; yield each result."""
    with bench(exercise, isolation) as here:
        for trial in trials(exercise):
            yield Proof(exercise.slug, trial.what, trial.problem(here))


@contextmanager
def bench(exercise: Exercise, isolation: Isolation) -> Iterator[Bench]:
    """A warm box for one exercise, if its submissions are run."""
    if exercise.is_run:
        with box_of(exercise, isolation) as box:
            yield Bench(isolation, box)
    else:
        yield Bench(isolation)


def trials(exercise: Exercise) -> Iterator[Trial]:
    """All that a sound exercise must stand. One that trains is trained once for each."""
    reference = exercise.reference
    yield Trial("files", lambda _: _files(exercise))
    yield Trial("stub fails", partial(_stub, exercise))
    yield Trial(
        f"reference at {EXAMPLES} times the examples",
        lambda here: failures(_grade(exercise, reference, here, SEEDS[0], EXAMPLES)),
    )
    for seed in SEEDS:
        yield Trial(f"reference, seed {seed}", partial(_right, exercise, reference, seed))
    accepted = (exercise.solution / "accepted").glob("*[!_]" if exercise.is_folder else "*.py")
    for path in sorted(accepted):
        yield Trial(f"accepted {path.stem}", partial(_right, exercise, path, SEEDS[0]))
    for mistake in catalogue.mistakes(exercise):
        yield Trial(f"mistake {mistake.name}", partial(_refused, exercise, mistake))


def _grade(
    exercise: Exercise, path: Path, here: Bench, seed: int, examples: int = 1, only: str = ""
) -> Verdict:
    source = engine.submission_of(exercise, path, seed)
    given = _with_more_time(exercise, examples)
    return engine.grade(
        given,
        source,
        here.isolation,
        seed=seed,
        examples=examples,
        naming=False,
        only=only,
        box=here.box,
    )


def _right(exercise: Exercise, path: Path, seed: int, here: Bench) -> str:
    verdict = _grade(exercise, path, here, seed)
    return failures(verdict) or over_limits(exercise, verdict)


def _with_more_time(exercise: Exercise, times: int) -> Exercise:
    limits = exercise.limits
    more = {"cpu_s": limits.cpu_s * times, "wall_s": limits.wall_s * times}
    return exercise.model_copy(update={"limits": limits.model_copy(update=more)})


def failures(verdict: Verdict) -> str:
    """What did not pass, as one sentence; empty if all did, merit included."""
    wrong = [
        o for o in verdict.outcomes if o.judged and o.applies and o.status is not Status.PASSED
    ]
    if not verdict.outcomes:
        return "no check ran"
    return "; ".join(f"{o.check} {o.status}: {o.message}" for o in wrong)


def over_limits(exercise: Exercise, verdict: Verdict) -> str:
    """Checks that used more than half of their limits."""
    limits = exercise.limits
    for each in verdict.outcomes:
        if each.cpu_s > SHARE_OF_LIMITS * limits.cpu_s:
            return f"{each.check} used {each.cpu_s:.1f} of {limits.cpu_s:g} CPU seconds"
        if each.peak_mb > SHARE_OF_LIMITS * limits.memory_mb:
            return f"{each.check} used {each.peak_mb:.0f} of {limits.memory_mb} MB"
    return ""


def _refused(exercise: Exercise, mistake: catalogue.Mistake, here: Bench) -> str:
    if mistake.check == RULES:
        source = engine.submission_of(exercise, mistake.path, SEEDS[0])
        outcomes = engine.judge_source(exercise, source)
        return "" if outcomes[0].status is Status.FORBIDDEN else "the source keeps the rules"
    if exercise.pass_mark == 1 and _fails_alone(exercise, mistake, here):
        return ""
    verdict = _grade(exercise, mistake.path, here, SEEDS[0])
    if verdict.faults:
        return f"grader fault: {verdict.faults[0].message}"
    wrong = [
        o for o in verdict.outcomes if o.judged and o.applies and o.status is not Status.PASSED
    ]
    costs_merit = any(o.merit and o.check.split("[")[0] == mistake.check for o in wrong)
    if verdict.passed and not costs_merit:
        return "passed"
    refused = {outcome.check.split("[")[0] for outcome in wrong}
    if mistake.check in refused:
        return ""
    return f"was refused by {', '.join(sorted(refused))}, not by {mistake.check}"


def _fails_alone(exercise: Exercise, mistake: catalogue.Mistake, here: Bench) -> bool:
    """Whether the check that a mistake names refuses it, and is needed to pass."""
    verdict = _grade(exercise, mistake.path, here, SEEDS[0], only=mistake.check)
    named = [each for each in verdict.outcomes if each.check.split("[")[0] == mistake.check]
    failed = [each for each in named if each.status is not Status.PASSED and not each.merit]
    return bool(failed) and not verdict.faults


def _stub(exercise: Exercise, here: Bench) -> str:
    source = catalogue.read_as(exercise, exercise.stub)
    verdict = engine.grade(exercise, source, here.isolation, seed=SEEDS[0], box=here.box)
    if verdict.faults:
        return f"grader fault: {verdict.faults[0].message}"
    return f"the untouched stub earns {verdict.score:g} points" if verdict.score else ""


def _files(exercise: Exercise) -> str:
    public = ("README.md", "examples.py")
    private = (exercise.reference.name, "checks.py", "hints.md")
    missing = [name for name in public if not (exercise.folder / name).exists()]
    missing += [name for name in private if not (exercise.solution / name).exists()]
    if missing:
        return f"missing: {', '.join(missing)}"
    if asked := rubric.read(exercise):
        stub = catalogue.read_as(exercise, exercise.stub)
        if wrong := set(asked.questions) ^ set(rubric.answers(exercise, stub)[0]):
            return f"rubric.yaml and the stub differ in {', '.join(sorted(wrong))}"
    if len(catalogue.hints(exercise)) != 3:
        return "hints.md needs three steps under `## ` headings"
    count = len(catalogue.mistakes(exercise))
    if count < LEAST_MISTAKES:
        return f"{count} mistakes; at least {LEAST_MISTAKES} are needed"
    return ""


def new(root: Path, unit: str, slug: str) -> list[Path]:
    """Write both halves of a new exercise from the template. Raises: UsageError if one exists."""
    halves = {"public": "exercises", "private": "solutions"}
    places = {half: root / folder / unit / slug for half, folder in halves.items()}
    for place in places.values():
        if place.exists():
            raise UsageError(f"{unit}/{slug} exists already; choose another name.")
    if not slug.isidentifier():
        raise UsageError(f"`{slug}` is no plain name; use letters, digits and underscores.")
    for half, place in places.items():
        shutil.copytree(TEMPLATE / half, place)
    written = [path for place in places.values() for path in sorted(place.rglob("*.*"))]
    fill: Callable[[str], str] = lambda text: text.replace("SLUG", slug)  # noqa: E731
    for path in written:
        path.write_text(fill(path.read_text("utf-8")), "utf-8")
    return written


def kit(root: Path, target: Path) -> int:
    """Copy the public half of a course, by whole folders; the number of files.

    Raises: UsageError if the target holds anything already, or cannot be written.
    """
    try:
        if target.exists() and any(target.iterdir()):
            raise UsageError(f"{target.name} is not empty; name a new folder for the kit.")
        ignore = shutil.ignore_patterns("__pycache__", ".*")
        for half in ("exercises", "exams"):
            if (root / half).exists():
                shutil.copytree(root / half, target / half, ignore=ignore)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "not every file could be copied"
        raise UsageError(f"the kit cannot be written: {reason}.") from None
    return sum(path.is_file() for path in target.rglob("*"))
