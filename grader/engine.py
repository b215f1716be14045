"""One submission and its checks make one verdict."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from grader import (
    __version__,
    answers,
    catalogue,
    data,
    folder,
    mistakes,
    pretrained,
    rubric,
    rules,
)
from grader.box import Box
from grader.checking import Checking
from grader.lending import Progress, to_nobody
from grader.model import (
    Exercise,
    Isolation,
    Level,
    Outcome,
    Status,
    Submission,
    Verdict,
)
from grader.personal import personal_seed, questions
from grader.warm import box_of

NOTHING = Isolation(level=Level.NONE, detail="the submission is data and was not run")


def grade(
    exercise: Exercise,
    submission: Submission,
    isolation: Isolation,
    *,
    learner: str = "",
    seed: int | None = None,
    examples: int = 1,
    naming: bool = True,
    only: str = "",
    box: Box | None = None,
    progress: Callable[[Progress], None] = to_nobody,
) -> Verdict:
    """Grade one submission: its rules, that it loads, the examples, the hidden checks.

    Args:
        learner   whose numbers are drawn, in personal exercises
        seed      of the drawn inputs; from course key, learner and exercise where not given
        examples  multiplies the number of drawn inputs, to prove an exercise
        naming    whether it is compared with the known mistakes, and with the model answer
        only      the one check to run, with all its parameters; else every check
        box       a warm one, at the same isolation; else one is started for this submission
        progress  is told which check runs, and how far its training is
    Raises: GraderFault if the exercise or this machine is unfit; KeyboardInterrupt.
    """
    torch.set_num_threads(1)  # threads that wait for each other cost more than they give here
    began, started = time.monotonic(), datetime.now(UTC)
    seed = personal_seed(exercise, learner) if seed is None else seed
    said, rests_on = notes(exercise, submission), hashes(exercise)
    stood_in = tuple(name for name in exercise.needs if _data(name).is_fallback)
    ruled = judge_source(exercise, submission) if exercise.is_run else ()
    unreadable = exercise.is_code and any(each.status is Status.ERROR for each in ruled)
    begun = not _is_stub(exercise, submission)  # nothing is looked up in what nobody wrote
    checking = Checking(
        exercise, submission, None, seed=seed, examples=examples, naming=naming and begun
    )
    checking.progress = progress

    def verdict(outcomes: Sequence[Outcome]) -> Verdict:
        return Verdict(
            exercise=exercise.slug,
            unit=exercise.unit,
            title=exercise.title,
            points=exercise.points,
            pass_mark=exercise.pass_mark,
            file=submission.name,
            sha256=submission.sha256,
            learner=learner,
            started=started.isoformat(timespec="seconds"),
            seed=seed,
            outcomes=(*ruled, *outcomes),
            isolation=isolation if exercise.is_run else NOTHING,
            versions=versions(),
            hashes=rests_on,
            notes=said,
            stand_ins=stood_in,
            seconds=round(time.monotonic() - began, 2),
        )

    checking.so_far = lambda: verdict(checking.outcomes)
    if unreadable:
        checking.unloadable = "the file could not be read"
    if exercise.is_run and not unreadable:
        outcomes = _run(checking, isolation, box, only)
    else:
        outcomes = _check(checking, only)
    if not only and (asked := rubric.read(exercise)):
        known = known_texts(exercise, seed, with_model=naming)
        outcomes = [*outcomes, *rubric.judge(asked, exercise, submission, outcomes, known)]
    return verdict(outcomes)


def _run(checking: Checking, isolation: Isolation, warm: Box | None, only: str) -> list[Outcome]:
    exercise = checking.exercise
    own = nullcontext(warm) if warm else box_of(exercise, isolation)
    with own as checking.box:
        outcomes = _check(checking, only)
        if any(each.status is Status.GRADER_FAULT for each in outcomes):
            outcomes = [_attribute(each, checking) for each in outcomes]
    return outcomes


def _check(checking: Checking, only: str) -> list[Outcome]:
    if not checking.unloadable:
        checking.load()
    checking.run(check_files(checking.exercise), only=only)
    return checking.outcomes


def _attribute(outcome: Outcome, checking: Checking) -> Outcome:
    """Whose fault an unexpected exception of a check is: ours, unless the reference passes it."""
    exercise = checking.exercise
    reference = exercise.reference
    if outcome.status is not Status.GRADER_FAULT or not reference.exists():
        return outcome
    source = catalogue.read_as(exercise, reference)
    again = Checking(exercise, source, checking.box, seed=checking.seed_of_run)
    again.run(check_files(exercise), only=outcome.check.split("[")[0])
    ours = [each for each in again.outcomes if each.check == outcome.check]
    if not ours or ours[0].status is not Status.PASSED:
        return outcome
    message = f"the check could not use what your code returned ({outcome.message})"
    return outcome.model_copy(update={"status": Status.ERROR, "message": message})


def known_texts(exercise: Exercise, seed: int, *, with_model: bool) -> dict[str, Submission]:
    """What nobody may hand in as words of their own."""
    known = {"the template": catalogue.read_as(exercise, exercise.stub)}
    if with_model and exercise.reference.exists() and (exercise.is_folder or not exercise.is_code):
        known["the model answer"] = submission_of(exercise, exercise.reference, seed)
    return known


def submission_of(exercise: Exercise, path: Path, seed: int) -> Submission:
    """A thing of ours as a submission: source, folder, or the YAML that its `answer` writes."""
    if exercise.is_folder:
        return catalogue.folder_of(exercise, path)
    if exercise.is_code:
        return Submission(name=f"{path.stem}.py", content=catalogue.source(exercise, path).encode())
    drawn = questions(exercise, seed)
    return answers.written(mistakes.answer_of(exercise, path), drawn, f"{path.stem}.yaml")


def check_files(exercise: Exercise) -> list[Path]:
    """The visible examples, then the hidden checks where they are present."""
    places = (exercise.folder / "examples.py", exercise.solution / "checks.py")
    return [path for path in places if path.exists()]


def judge_source(exercise: Exercise, submission: Submission) -> tuple[Outcome, ...]:
    """The outcome of the rules that hold for the source itself: one, worth no points."""
    if not exercise.is_folder:
        return _judged(exercise, submission.content)
    judged: tuple[Outcome, ...] = ()
    for name, content in folder.unpack(submission.content).items():
        if name.endswith(".py"):
            judged = _judged(exercise, content)
            if judged[0].status is not Status.PASSED:
                message = f"{name}: {judged[0].message}"
                return (judged[0].model_copy(update={"message": message}),)
    return judged


def _judged(exercise: Exercise, content: bytes) -> tuple[Outcome, ...]:
    claim = "The source keeps the rules of the exercise."
    try:
        source = content.decode("utf-8-sig")
        found = rules.judge(source, exercise.rules)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"line {line} is not UTF-8; save the file as UTF-8"
        return (
            Outcome(
                check="rules",
                claim=claim,
                status=Status.ERROR,
                message=message,
                line=line,
                weight=0,
            ),
        )
    if not found:
        return (Outcome(check="rules", claim=claim, status=Status.PASSED, weight=0),)
    first, more = found[0], len(found) - 1
    message = first.why + (f" (and {more} more)" if more else "")
    unreadable = any(each.name == "syntax" for each in found)
    return (
        Outcome(
            check="rules",
            claim=claim,
            status=Status.ERROR if unreadable else Status.FORBIDDEN,
            message=message,
            line=first.line,
            weight=0,
            next_step="\n".join(each.why for each in found[1:6]),
        ),
    )


def notes(exercise: Exercise, submission: Submission) -> tuple[str, ...]:
    """What a reader of the verdict must know."""
    said = []
    if _is_stub(exercise, submission):
        said.append("this is the untouched stub")
    if exercise.personal and "GRADER_COURSE_KEY" not in os.environ:
        said.append(
            "self-study numbers: the answers can be derived on this machine; "
            "only an instructor's course key makes them secret"
        )
    said += [submission.note] if submission.note else []
    source = submission.content.decode("utf-8-sig", errors="replace")
    for name in rules.missing(source, exercise.rules):
        said.append(f"the source never uses {name}, as a solution would; a person should look")
    said += [f"data: {_data(name).source}" for name in exercise.needs]
    if not exercise.has_hidden_checks:
        said.append("only the visible examples were run; the hidden checks are not in this kit")
    return tuple(said)


def _is_stub(exercise: Exercise, submission: Submission) -> bool:
    stub = exercise.stub
    return stub.exists() and submission.content == catalogue.read_as(exercise, stub).content


def hashes(exercise: Exercise) -> dict[str, str]:
    """sha256 of what the verdict rests on besides the submission."""
    asked = [exercise.folder / name for name in ("exercise.yaml", "questions.py", "rubric.yaml")]
    places = [path for path in (*asked, *check_files(exercise)) if path.exists()]
    read = [catalogue.read_submission(path) for path in places]
    if exercise.reference.exists():
        read.append(catalogue.read_as(exercise, exercise.reference))
    found = {each.name: each.sha256 for each in read}
    return found | {name: _data(name).sha256 for name in exercise.needs}


def _data(name: str) -> data.Images | data.Text | pretrained.Pretrained:
    """Raises: UsageError or GraderFault where it cannot be had."""
    if name in pretrained.MODELS:
        return pretrained.MODELS[name]()
    return data.mnist() if name == "mnist" else data.shakespeare()


def versions() -> dict[str, str]:
    """Of the grader, Python and the libraries that decide numbers."""
    found = {"grader": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy", "hypothesis", "pytest"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
