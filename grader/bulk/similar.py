"""What of a class's code is alike, by its tokens: names, comments and layout do not matter.

What stands in the stub or in the reference is nobody's: it is left out before two are compared.
Source: winnowing of k-grams (Schleimer, Wilkerson, Aiken 2003), as copydetect does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from grader import folder
from grader.bulk import intake
from grader.bulk.intake import Trouble, Work
from grader.catalogue import read_as
from grader.model import Exercise, Submission, UsageError
from grader.report.plain import plain_text
from grader.similar import Alike, Pair, Text, ranked

if TYPE_CHECKING:
    from copydetect import CodeFingerprint

LENGTH = 25
"""Characters in a row, names and strings counted as one, that must be the same."""
LEAST = 2 * LENGTH
"""Characters that are somebody's own; less than this is not compared."""


def pairs(works: Iterable[Work], least: float) -> tuple[list[Pair], list[Trouble]]:
    """Pairs of code at least so much alike, the most alike first; and what could not be read.

    Raises: UsageError if copydetect is not installed.
    """
    try:
        import copydetect  # noqa: F401
    except ImportError:
        raise UsageError(
            "comparing code needs copydetect; install it: pip install 'torch-grader[similarity]'."
        ) from None
    found, troubles = [], []
    by_exercise: dict[str, list[Text]] = {}
    exercises: dict[str, Exercise] = {}
    for work in works:
        if not work.exercise.is_run:
            continue
        slug = work.exercise.slug
        exercises[slug] = work.exercise
        try:
            text = code(intake.read(work.file), work.exercise)
            by_exercise.setdefault(slug, []).append(Text(plain_text(work.learner), slug, text))
        except UsageError as error:
            troubles.append(Trouble(work.learner, str(error)))
    for slug, texts in by_exercise.items():
        print_ = Fingerprints(exercises[slug])
        found += ranked(texts, print_.of, compare, least)
    found.sort(key=lambda pair: (-pair.alike.share, pair.one, pair.other))
    return found, troubles


def code(submission: Submission, exercise: Exercise) -> str:
    """The code of a submission as text; of a folder its Python files, one behind the other."""
    if not exercise.is_folder:
        return plain_text(submission.content.decode("utf-8-sig", "replace"))
    files = folder.unpack(submission.content)
    return plain_text(
        "\n\n".join(
            f"# {name}\n{content.decode('utf-8-sig', 'replace')}"
            for name, content in sorted(files.items())
            if name.endswith(".py")
        )
    )


class Fingerprints:
    """Fingerprints of code for one exercise, without what stands in its stub and reference."""

    def __init__(self, exercise: Exercise) -> None:
        given = [each for each in (exercise.stub, exercise.reference) if each.exists()]
        texts = [code(read_as(exercise, path), exercise) for path in given]
        self.common: set[int] = {each for text in texts for each in _fingerprint(text).hashes}

    def of(self, text: str) -> CodeFingerprint:
        """All k-grams count: a window would choose among them by hashes that differ each run."""
        from copydetect.utils import get_token_coverage

        found = _fingerprint(text)
        found.hashes -= self.common
        found.hash_idx = {each: found.hash_idx[each] for each in found.hashes}
        found.token_coverage = get_token_coverage(found.hash_idx, LENGTH, len(found.filtered_code))
        return found


def _fingerprint(text: str) -> CodeFingerprint:
    from copydetect import CodeFingerprint

    made = CodeFingerprint("code.py", LENGTH, 1, language="python", fp=StringIO(text))
    if len(made.offsets):  # that of a class's name is wrong there, and offsets only grow
        made.offsets[:, 1] = np.maximum.accumulate(made.offsets[:, 1])
    return made


def compare(one: CodeFingerprint, other: CodeFingerprint) -> Alike:
    """How much of the shorter of two stands in the other, and where."""
    if min(one.token_coverage, other.token_coverage) < LEAST or not one.hashes & other.hashes:
        return Alike(0)
    from copydetect import compare_files

    _, shares, slices = compare_files(one, other)
    return Alike(min(1.0, float(max(shares))), *(_spans(each) for each in slices))


def _spans(slices: Any) -> tuple[tuple[int, int], ...]:
    return tuple((int(start), int(stop)) for start, stop in zip(*slices, strict=True))
