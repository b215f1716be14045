"""What a class's results say: points of each learner, and how good each check is.

Source of the discrimination: the item-rest correlation of classical test theory, between passing a
check and the points of the same exercise's other checks. Near 0 or below, a check does not tell
those who can from those who cannot.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from grader import report
from grader.bulk.intake import Trouble
from grader.bulk.points import Note
from grader.model import Outcome, Status, Verdict
from grader.report.cells import table
from grader.report.plain import plain_text

BINS = 10
MOST = 10
"""Lines of a list."""


class Check(NamedTuple):
    """One check over a class."""

    exercise: str
    name: str
    claim: str
    tried: int
    passed: float
    """Share of those who tried."""
    discrimination: float | None
    """Item-rest correlation; None where all did alike."""
    seconds: float
    """Median."""


class Exercise(NamedTuple):
    """One exercise over a class."""

    slug: str
    title: str
    points: int
    tried: int
    passed: float
    """Share of those who tried."""
    mean: float
    """Points."""
    median: float
    bins: tuple[int, ...]
    """Learners by tenths of the points."""
    checks: tuple[Check, ...]
    mistakes: tuple[tuple[str, int], ...]
    """Sentences and how many learners made each, the commonest first."""


class Change(NamedTuple):
    """What a deadline or a person made of the grader's points."""

    learner: str
    exercise: str
    given: float
    """By the grader."""
    counts: float
    why: str


class Summary(NamedTuple):
    """A class."""

    exercises: tuple[Exercise, ...]
    """By unit and name."""
    scores: dict[str, dict[str, float]]
    """Points that count, by learner and exercise."""
    troubles: tuple[Trouble, ...]
    faults: int
    """Verdicts that are a grader fault; they count for nothing else here."""
    changes: tuple[Change, ...] = ()
    """Where something else counts than what the grader gave."""
    notes: tuple[Note, ...] = ()

    @property
    def points(self) -> int:
        """Of all exercises that anybody handed in."""
        return sum(each.points for each in self.exercises)

    @property
    def totals(self) -> dict[str, float]:
        """Points by learner."""
        return {learner: sum(mine.values()) for learner, mine in self.scores.items()}

    @property
    def bins(self) -> tuple[int, ...]:
        """Learners by tenths of all points."""
        return bins(list(self.totals.values()), self.points)


def nothing(_: Verdict) -> Sequence[Note]:
    """No note."""
    return ()


def summarise(
    verdicts: Iterable[Verdict],
    troubles: Sequence[Trouble] = (),
    notes: Callable[[Verdict], Sequence[Note]] = nothing,
) -> Summary:
    """Statistics of a class, from one verdict for each learner and exercise, in one pass.

    They are about the grader's points; the scores are what counts.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    faults = 0
    changes: list[Change] = []
    noted: list[Note] = []
    for verdict in verdicts:
        whose = verdict.learner, verdict.exercise
        noted += notes(verdict)
        if verdict.counted:
            changes.append(Change(*whose, verdict.score, verdict.counts, verdict.counted.why))
            scores[verdict.learner][verdict.exercise] = verdict.counts
        if verdict.exit_code == 3:
            faults += 1
            why = f"{verdict.exercise} is a grader fault; run it again."
            troubles = [*troubles, Trouble(verdict.learner, why)]
            continue
        tallies.setdefault((verdict.unit, verdict.exercise), _Tally(verdict)).add(verdict)
        scores[verdict.learner][verdict.exercise] = verdict.counts
    for trouble in troubles:
        scores.setdefault(trouble.learner, {})
    exercises = tuple(tallies[key].exercise() for key in sorted(tallies))
    return Summary(
        *(exercises, dict(sorted(scores.items())), tuple(troubles), faults),
        *(tuple(changes), tuple(noted)),
    )


def bins(values: Sequence[float], most: float) -> tuple[int, ...]:
    """How many values lie in each tenth between 0 and `most`; the last holds `most` too."""
    places = Counter(min(BINS - 1, int(BINS * value / most)) for value in values if most)
    return tuple(places[place] for place in range(BINS))


def as_csv(summary: Summary) -> str:
    """A row for each learner: points by exercise, their sum, and what must be known about them.

    Of an exercise in which something else counts than the grader's points, both are there.
    """
    tried = [*(each.slug for each in summary.exercises), *(c.exercise for c in summary.changes)]
    slugs, totals = list(dict.fromkeys(tried)), summary.totals
    given = {(each.learner, each.exercise): each.given for each in summary.changes}
    changed = {each.exercise for each in summary.changes}
    why: dict[str, list[str]] = defaultdict(list)
    for change in summary.changes:
        why[change.learner].append(f"{change.exercise}: {change.why.rstrip('.')}.")
    for learner, text in (*summary.notes, *summary.troubles):
        why[learner].append(text)

    def cells(learner: str, slug: str) -> list[float | str]:
        counts = summary.scores[learner].get(slug, "")
        return [counts, *([given.get((learner, slug), counts)] if slug in changed else [])]

    rows = [
        [
            plain_text(learner),
            *(cell for slug in slugs for cell in cells(learner, slug)),
            totals[learner],
            plain_text(" ".join(why[learner])),
        ]
        for learner in summary.scores
    ]
    heads = (head for s in slugs for head in [s, *([f"{s} (grader)"] if s in changed else [])])
    return table([["learner", *heads, "total", "note"], *rows])


def as_html(summary: Summary, title: str) -> str:
    """One page of it, without a script."""
    return report.render(
        "class.html.j2",
        class_title=plain_text(title),
        found=summary,
        slow=slowest(summary),
        troubles=[tuple(map(plain_text, each)) for each in summary.troubles],
        notes=[tuple(map(plain_text, each)) for each in summary.notes],
        changes=[
            each._replace(learner=plain_text(each.learner), why=plain_text(each.why))
            for each in summary.changes
        ],
        most=MOST,
    )


def slowest(summary: Summary) -> list[Check]:
    """The checks that take longest, longest first."""
    checks = [check for each in summary.exercises for check in each.checks]
    return sorted(checks, key=lambda check: -check.seconds)[:MOST]


class _Tally:
    """What is kept of the verdicts of one exercise: numbers, no verdict."""

    def __init__(self, first: Verdict) -> None:
        self.slug, self.title, self.points = first.exercise, plain_text(first.title), first.points
        self.scores: list[float] = []
        self.passed = 0
        self.claims: dict[str, str] = {}
        self.marks: dict[str, list[tuple[bool, float]]] = defaultdict(list)
        """By check: whether it passed, and the weight of the others that did."""
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.mistakes: Counter[str] = Counter()

    def add(self, verdict: Verdict) -> None:
        self.scores.append(verdict.score)
        self.passed += verdict.passed
        judged = [each for each in verdict.outcomes if each.judged and each.applies]
        weights = {each.check: _weight(each) for each in judged}
        total = sum(weights.values())
        for each in judged:
            self.claims[each.check] = plain_text(each.claim)
            rest = total - weights[each.check]
            self.marks[each.check].append((each.status is Status.PASSED, rest))
            self.seconds[each.check].append(each.seconds)
        named = {sentence for each in verdict.outcomes for sentence in each.mistakes}
        self.mistakes.update(map(plain_text, named))

    def exercise(self) -> Exercise:
        count = len(self.scores)
        return Exercise(
            *(self.slug, self.title, self.points, count, self.passed / count),
            *(statistics.fmean(self.scores), statistics.median(self.scores)),
            *(bins(self.scores, self.points), tuple(self._checks())),
            tuple(sorted(self.mistakes.items(), key=lambda found: (-found[1], found[0]))),
        )

    def _checks(self) -> Iterator[Check]:
        for name, marks in self.marks.items():
            passed = [float(mark) for mark, _ in marks]
            yield Check(
                *(self.slug, plain_text(name), self.claims[name], len(marks)),
                *(statistics.fmean(passed), correlation(passed, [rest for _, rest in marks])),
                statistics.median(self.seconds[name]),
            )


def _weight(outcome: Outcome) -> float:
    return outcome.weight if outcome.status is Status.PASSED else 0.0


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's; None where either does not vary."""
    try:
        return statistics.correlation(x, y)
    except statistics.StatisticsError:
        return None
