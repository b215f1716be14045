"""What counts: the grader's points, less what is taken off for lateness, or what a person gave.

A person's word is the last: nothing is taken off points that somebody gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from grader.bulk.late import EVERY, Late, Times
from grader.bulk.overrides import Key, Override
from grader.model import Counted, Verdict
from grader.report.wording import points


class Note(NamedTuple):
    """What an instructor must know about one learner's points."""

    learner: str
    text: str


class Decisions(NamedTuple):
    """All that changes what counts."""

    overrides: Mapping[Key, Override]
    late: Late | None
    times: Times
    """As the exports say them; those of the late policy go before."""
    today: date

    def of(self, verdict: Verdict) -> Verdict:
        """The same verdict, with what counts where that is not its score."""
        override = self._override(verdict)
        penalty, why = self._late(verdict)
        if not (override or penalty):
            return verdict
        graded = verdict.exit_code != 3
        said = [f"The grader gave {points(verdict.score)}" if graded else "The grader failed", why]
        score = round(verdict.score - penalty, 2)
        if override:
            until = f", until {override.expires}" if override.expires else ""
            said.append(f"{override.by} gave {points(override.score)}{until}: {override.reason}")
            score = override.score
        counted = Counted(score=score, penalty=penalty, why="; ".join(filter(None, said)))
        return verdict.model_copy(update={"counted": counted})

    def notes(self, verdict: Verdict) -> list[Note]:
        """What is not known, and what no longer counts."""
        found = []
        late = self.late and self.late.deadline(verdict.learner, verdict.exercise)
        if late and self._time(verdict) is None:
            found.append("no time of hand-in is known, so nothing is taken off")
        given = self.overrides.get((verdict.learner, verdict.exercise))
        if given and not given.counts(self.today):
            found.append(
                f"the {points(given.score)} that {given.by} gave expired on {given.expires}"
            )
        return [Note(verdict.learner, f"{verdict.exercise}: {text}.") for text in found]

    def _override(self, verdict: Verdict) -> Override | None:
        given = self.overrides.get((verdict.learner, verdict.exercise))
        return given if given and given.counts(self.today) else None

    def _late(self, verdict: Verdict) -> tuple[float, str]:
        deadline = self.late and self.late.deadline(verdict.learner, verdict.exercise)
        at = self._time(verdict)
        if not (self.late and deadline and at) or verdict.exit_code == 3:
            return 0, ""
        days, penalty = self.late.judge(deadline, at, verdict.points, verdict.score)
        spell = "1 day" if days == 1 else f"{days} days"
        return penalty, f"{spell} late, {points(penalty)} taken off" if penalty else ""

    def _time(self, verdict: Verdict) -> datetime | None:
        tables = ([self.late.times] if self.late else []) + [self.times]
        mine = [known.get(verdict.learner, {}) for known in tables]
        found = (known.get(name) for known in mine for name in (verdict.exercise, EVERY))
        return next(filter(None, found), None)
