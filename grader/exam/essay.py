"""A part that is an essay about one's own numbers: half its points each for numbers and concepts.

Every point has a claim. Length and alarms are one factor for all points, with the reason beside it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from grader import __version__
from grader.documents import read_yaml, validate
from grader.exam import worksheet
from grader.exam.rubric import Criterion, Rubric, find
from grader.exam.task import Task
from grader.lending import Progress
from grader.model import GraderFault, Isolation, Level, Outcome, Status, UsageError, Verdict
from grader.oracle import prose

PROVISIONAL = "the points for concepts are provisional until an instructor confirms them"
FEW = 2
"""Right numbers; chance alone gives about 0.5 of eleven to numbers of another worksheet."""


def paper(task: Task, seed: int) -> dict[str, bytes]:
    """The prompt, the worksheet with the numbers of this seed, and an empty essay."""
    sheet = _public(task, "worksheet.md").format(**worksheet.draw(seed).shown())
    return {
        f"{task.part.name}.md": _public(task, "prompt.md").encode(),
        "worksheet.md": sheet.encode(),
        task.part.files[0]: _public(task, "essay.md").encode(),
    }


def mark(
    task: Task,
    files: Mapping[str, bytes],
    seed: int,
    isolation: Isolation,
    *,
    progress: Callable[[Progress], None],
) -> Verdict:
    """Eleven numbers and the concepts of the rubric; the essay is data and is not run."""
    began, started = time.monotonic(), datetime.now(UTC)
    progress(Progress("The essay is read."))
    rubric, given = read_rubric(task), b"\n\n".join(paper(task, seed).values())
    name = task.part.files[0]
    content = files.get(name, b"")
    essay = Essay.of(content, given)
    factor, said = judged(essay, rubric)
    missing = () if name in files else (f"no {name} was handed in",)
    points, weights = task.part.points, rubric.weights
    half = points * weights.numbers / (weights.numbers + weights.concepts)
    sheet = worksheet.draw(seed)
    numbers = tuple(number_outcomes(essay, sheet, rubric.numbers_read, half))
    concepts = tuple(concept_outcomes(essay, rubric.concepts, points - half))
    return Verdict(
        exercise=task.part.name,
        unit=task.folder.parent.name,
        title=rubric.title,
        points=points,
        pass_mark=rubric.pass_mark,
        file=name,
        sha256=sha256(content).hexdigest(),
        started=started.isoformat(timespec="seconds"),
        seed=seed,
        factor=factor,
        outcomes=(*numbers, *concepts),
        isolation=Isolation(level=Level.NONE, detail="the essay is data and was not run"),
        versions={"grader": __version__, "python": platform.python_version()},
        hashes={
            "rubric.yaml": sha256(_rubric(task).read_bytes()).hexdigest(),
            "paper": sha256(given).hexdigest(),
        },
        notes=(*missing, *said, *doubtful(numbers, concepts), PROVISIONAL),
        seconds=time.monotonic() - began,
    )


class Essay(NamedTuple):
    """What is looked at."""

    text: str
    sentences: tuple[prose.Sentence, ...]
    """Of the candidate's own: each once, and none that stands in the paper."""
    copied: float
    """The share of the text that stands in the paper."""
    cut: bool
    """Whether the file is longer than what is read."""

    @classmethod
    def of(cls, content: bytes, given: bytes) -> Essay:
        """The essay in a file, apart from what was given with the paper."""
        text, paper = prose.read(content), prose.shingles(prose.plain(prose.read(given)))
        own = (each for each in prose.sentences(text) if prose.overlap(each.text, paper) <= 0.5)
        copied = prose.overlap(prose.plain(text), paper)
        return cls(text, tuple(own), copied, len(content) > prose.MAX_BYTES)

    @property
    def words(self) -> int:
        return sum(prose.length(each.text) for each in self.sentences)

    @property
    def prose(self) -> float:
        """The share of its words that stand in prose sentences."""
        found = [(len(each.words), each.is_prose) for each in self.sentences]
        every = sum(count for count, _ in found)
        return sum(count for count, is_prose in found if is_prose) / every if every else 0.0


def judged(essay: Essay, rubric: Rubric) -> tuple[float, tuple[str, ...]]:
    """What every point is worth here, and the reasons; then what a person should look at."""
    length, alarms, words = rubric.length, rubric.alarms, essay.words
    reasons = []
    if not length.least <= words <= length.most:
        reasons.append(f"{words} words of your own; {length.least} to {length.most} were asked for")
    alarming = [
        *(["most of it is not in sentences"] if essay.prose < alarms.prose else []),
        *(["it repeats itself"] if prose.packed(essay.text) < alarms.packed else []),
        *(["it copies the paper"] if essay.copied > alarms.copied else []),
    ]
    factor = round(length.factor(words) * (alarms.factor if alarming else 1), 2)
    why = "; ".join((*reasons, *alarming))
    _, different = worksheet.numbers(essay.text, 0)
    return factor, (
        *([f"every point counts {factor:g} times: {why}"] if why else []),
        *(
            [f"{different} different numbers; the first {rubric.numbers_read} were compared"]
            if different > rubric.numbers_read
            else []
        ),
        *([f"only the first {prose.MAX_BYTES >> 10} KiB were read"] if essay.cut else []),
    )


def doubtful(numbers: Sequence[Outcome], concepts: Sequence[Outcome]) -> tuple[str, ...]:
    """What a person should know who confirms: words without numbers may be another's, or empty."""
    right = sum(each.status is Status.PASSED for each in numbers)
    said = sum(each.status is Status.PASSED for each in concepts)
    if right > FEW or 2 * said <= len(concepts):
        return ()
    return (
        f"{right} of {len(numbers)} numbers beside {said} of {len(concepts)} concepts: "
        "read it, and compare it with other sittings",
    )


def number_outcomes(
    essay: Essay, sheet: worksheet.Worksheet, most: int, points: float
) -> Iterator[Outcome]:
    """One outcome for each value of the worksheet."""
    found, _ = worksheet.numbers(essay.text, most)
    for name, value in sheet.values.items():
        right = next((each for each in found if worksheet.matches(each, value)), None)
        turned = any(worksheet.matches(-each, value) for each in found)
        expected = f"expected {float(value):.6g}"
        if right is not None:
            message = f"{right:g} ({expected})"
        elif turned:
            message = f"{expected}; it stands in your essay with the other sign"
        else:
            message = f"{expected}; it does not stand in your essay"
        yield Outcome(
            check=f"number_{name}",
            claim=worksheet.CLAIMS[name],
            status=Status.FAILED if right is None else Status.PASSED,
            message=message,
            weight=points / len(sheet.values),
        )


def concept_outcomes(
    essay: Essay, concepts: Sequence[Criterion], points: float
) -> Iterator[Outcome]:
    """One outcome for each concept, with the sentence that says it."""
    sentences = [each.text for each in essay.sentences if each.is_prose]
    for criterion in concepts:
        said, sentence = find(criterion, sentences)
        near = f'; nearest: "{sentence}"' if sentence else ""
        yield Outcome(
            check=f"concept_{criterion.name}",
            claim=criterion.claim,
            status=Status.PASSED if said else Status.FAILED,
            message=f'"{sentence}"' if said else f"no one sentence says all of this{near}",
            weight=points / len(concepts),
        )


def read_rubric(task: Task) -> Rubric:
    """The rubric of a part. Raises: GraderFault with the line of whatever is wrong."""
    path = _rubric(task)
    name = f"{task.part.name}/{path.name}"
    try:
        data, lines = read_yaml(path.read_bytes(), name)
        return validate(Rubric, data, lines, name)
    except OSError as error:
        raise GraderFault(f"{name}: {error.strerror}; an essay is marked by its rubric.") from None
    except UsageError as error:
        raise GraderFault(str(error)) from None


def _rubric(task: Task) -> Path:
    return task.solution / "rubric.yaml"


def _public(task: Task, name: str) -> str:
    try:
        return (task.folder / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GraderFault(f"{task.part.name}/{name} cannot be read ({error}).") from None
