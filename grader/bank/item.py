"""One item of a diagnosis: its run log, and the examination of what was made of its script."""

from __future__ import annotations

import ast
import difflib
import json
import math
from collections.abc import Generator
from dataclasses import dataclass
from hashlib import sha256

from grader import engine
from grader.bank import trial
from grader.bank.bank import TRIALS, Base
from grader.bank.trial import Row
from grader.box import Box
from grader.model import GraderFault, Isolation, Measure, Outcome, Status, Submission, Verdict
from grader.personal import inside
from grader.proxy import Submission as Script
from grader.proxy import SubmissionEnded, SubmissionError
from grader.warm import TRAINING

FINE = (Status.PASSED, Status.SKIPPED)
AGREE = 0.02
"""How much what the meter shows may differ between two trainings of one script."""
DIGITS = 4


def seed_of(seed: int, item: str) -> int:
    """The seed of an item of the sitting with this seed: 24 bits."""
    return int.from_bytes(sha256(f"{item}|{seed}".encode()).digest()[:3])


def rows(base: Base, name: str, text: str, seed: int, box: Box) -> Generator[Row, None, None]:
    """Train a script under the meter, with the data of this seed; a row after each yield.

    The last row is `{"error": ..., "line": ...}` where the training did not come to its end.
    Nothing private is needed or told. Raises: GraderFault.
    """
    given, _ = base.data(seed)
    with box.run(base.file.limits, inside(seed)) as run:
        try:
            script = Script(run, name, text)
            for seen in trial.follow(script, given, inside(seed)):
                yield {key: _short(value) for key, value in seen.row.items()}
        except SubmissionError as error:
            yield {"error": f"{error.kind}: {error.message}", "line": error.line}
        except (SubmissionEnded, AssertionError) as error:
            yield {"error": str(error)}


def log(base: Base, name: str, text: str, seed: int, box: Box) -> bytes:
    """The run log of a script: a row that says how it was run, then one after each yield."""
    header: Row = {"base": base.name, "seed": seed, "device_mb": base.file.limits.device_mb}
    every = (header, *rows(base, name, text, seed, box))
    return "".join(json.dumps(row) + "\n" for row in every).encode()


def _short(value: float | None) -> float | str | None:
    """As JSON has it, which knows no nan: a few digits, or a word."""
    if value is None or type(value) is int:
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(value)


@dataclass
class Examination:
    """What the trials of a script came to; the last of them is the first that refused it."""

    verdicts: list[Verdict]

    @property
    def refused(self) -> list[Outcome]:
        """The probes that did not hold; empty for a right repair."""
        return [each for each in self.verdicts[-1].outcomes if each.status not in FINE]

    @property
    def measures(self) -> list[Measure]:
        """What was measured, in all trials."""
        return [m for verdict in self.verdicts for each in verdict.outcomes for m in each.measures]

    @property
    def cpu_s(self) -> float:
        return sum(each.cpu_s for verdict in self.verdicts for each in verdict.outcomes)

    @property
    def disagreement(self) -> str:
        """What the meter showed differently in two trainings; empty where they agree."""
        for name in ("peak", "operations"):
            values = [m.value for m in self.measures if m.name == name]
            if values and max(values) > (1 + AGREE) * min(values):
                return f"the {name} of two trainings differ: {min(values):g} and {max(values):g}"
        return ""

    @property
    def passed(self) -> bool:
        return not self.refused and not self.disagreement

    def __str__(self) -> str:
        """Why it was refused, in one sentence; empty where it was not."""
        if not self.refused:
            return self.disagreement
        first, more = self.refused[0], len(self.refused) - 1
        return f"{first.claim} {first.message}" + (f" (and {more} more)" if more else "")


def examine(
    base: Base, name: str, content: bytes, seed: int, box: Box, trials: int = 3
) -> Examination:
    """Run all probes of the base on a script, on fresh data each time, until one refuses it.

    Args: seed, of the item. Raises: GraderFault where the clean script does not survive either.
    """
    done = Examination([])
    for number in range(trials):
        own = seed * TRIALS + number
        verdict = _probed(base, Submission(name=name, content=content), own, box)
        if verdict.faults:  # theirs, if it is what their script returned that we could not use
            clean = Submission(name=name, content=base.clean(seed).encode())
            if _probed(base, clean, own, box).faults:
                raise GraderFault(f"a probe of {base.name} failed: {verdict.faults[0].message}.")
        done.verdicts.append(verdict)
        if done.refused:
            break
    return done


def _probed(base: Base, script: Submission, seed: int, box: Box) -> Verdict:
    verdict = engine.grade(base.exercise, script, box.isolation, seed=seed, naming=False, box=box)
    if not verdict.faults and not any(o.check.startswith("check_") for o in verdict.outcomes):
        raise GraderFault(f"{base.name} is marked where its probes are; not here.")
    return verdict


def changed(before: str, after: str) -> int:
    """Statements that differ between two scripts, whatever their layout; 0 for no Python."""
    try:
        old, new = (ast.unparse(ast.parse(text)).splitlines() for text in (before, after))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    blocks = difflib.SequenceMatcher(None, old, new, False).get_opcodes()
    return sum(max(a1 - a0, b1 - b0) for tag, a0, a1, b0, b1 in blocks if tag != "equal")


def box_for(base: Base, isolation: Isolation) -> Box:
    """A warm box that all items of all bases can share."""
    return Box(isolation, base.file.limits, preloads=TRAINING)
