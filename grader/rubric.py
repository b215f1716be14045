"""What no machine judges of a written work: questions that its author answers, yes or no.

The answers are shown and carry points, but earn none: an instructor confirms them. A machine only
sees whether the words are the author's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from grader import folder
from grader.catalogue import read as read_file
from grader.documents import read_yaml, validate
from grader.model import Exercise, Frozen, GraderFault, Outcome, Status, Submission, UsageError
from grader.oracle import prose

NAME = "rubric.yaml"
ANSWERS = "self_assessment"
"""The learner's answers: a file of that name in a folder, a key in a file of answers."""
COPIED = 0.3
"""Most of a text's fives of words that may stand in the template, or in the model answer."""


class Rubric(Frozen):
    """rubric.yaml, in the public half of an exercise that is written."""

    share: float = Field(0.5, gt=0, lt=1)
    """Of the exercise's points, for all questions together."""
    questions: dict[str, str] = Field(min_length=1)
    """By a short name: a question whose answer is yes where the work is good."""


def read(exercise: Exercise) -> Rubric | None:
    """The rubric of an exercise, if it has one. Raises: GraderFault if it is not well formed."""
    path = exercise.folder / NAME
    if not path.exists():
        return None
    name = f"{exercise.slug}/{NAME}"
    try:
        data, lines = read_yaml(read_file(path, name), name)
        return validate(Rubric, data, lines, name)
    except UsageError as error:
        raise GraderFault(str(error)) from None


def judge(
    rubric: Rubric,
    exercise: Exercise,
    submission: Submission,
    checks: Sequence[Outcome],
    known: Mapping[str, Submission],
) -> Iterator[Outcome]:
    """Whether the words are the author's own, then an outcome for each question.

    Args:
        checks  what the machine found: their weights and the share make a question's
        known   texts that must not be handed in, by what they are called
    """
    yield own_words(exercise, submission, known)
    count = len(rubric.questions)
    points = exercise.points * rubric.share / count
    weight = sum(each.weight for each in checks) * rubric.share / (1 - rubric.share) / count
    given, trouble = answers(exercise, submission)
    for name, question in rubric.questions.items():
        status, said = _read(given.get(name))
        yield Outcome(
            check=f"self_{name}",
            claim=question,
            status=status,
            message=f"{trouble or said}: {points:.3g} points when an instructor confirms a yes",
            weight=weight,
        )


def own_words(
    exercise: Exercise, submission: Submission, known: Mapping[str, Submission]
) -> Outcome:
    """One outcome without points: whether little of the text is word for word a known one's."""
    ours = _fives(exercise, submission)
    copied = {
        name: len(ours & _fives(exercise, other)) / max(len(ours), 1)
        for name, other in known.items()
    }
    name = max(copied, key=lambda each: copied[each])
    fine = copied[name] <= COPIED
    return Outcome(
        check="own_words",
        claim="The words are your own.",
        status=Status.PASSED if fine else Status.FAILED,
        message="" if fine else f"{copied[name]:.0%} of your text stands in {name} word for word",
        next_step="" if fine else "Put it away, and write what you would say to a colleague.",
        weight=0,
    )


def _fives(exercise: Exercise, submission: Submission) -> set[tuple[str, ...]]:
    """Every five words in a row of its texts: Markdown, and what stands in YAML."""
    if exercise.is_folder:
        files = folder.unpack(submission.content)
    else:
        files = {exercise.stub.name: submission.content}
    texts = [prose.read(each) for name, each in files.items() if name.endswith(".md")]
    for name, content in files.items():
        if name.endswith(".yaml") and Path(name).stem != ANSWERS:
            texts += _strings(_data(content))
    return {five for text in texts for five in prose.shingles(prose.plain(text))}


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from _strings(each)
    elif isinstance(data, str):
        yield data


def _data(content: bytes) -> Any:
    """What YAML says; nothing where it is none, which the checks of the exercise tell."""
    try:
        return read_yaml(content, "")[0]
    except UsageError:
        return None


def answers(exercise: Exercise, submission: Submission) -> tuple[dict[str, Any], str]:
    """The learner's answers, and why there are none where they cannot be read."""
    name, content = submission.name, submission.content
    if exercise.is_folder:
        name = f"{ANSWERS}.yaml"
        content = folder.unpack(submission.content).get(name, b"")
    try:
        found = read_yaml(content, name)[0]
    except UsageError as error:
        return {}, str(error).rstrip(".")
    if not exercise.is_folder:
        found = found.get(ANSWERS) if isinstance(found, dict) else None
    return (found, "") if isinstance(found, dict) else ({}, "")


def _read(answer: Any) -> tuple[Status, str]:
    if answer in (True, "yes"):
        return Status.SELF_ASSESSED, "you say yes"
    if answer in (False, "no"):
        return Status.NOT_YET, "you say not yet"
    return Status.NOT_YET, f"not answered: write yes or no in {ANSWERS}"
