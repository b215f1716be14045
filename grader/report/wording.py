"""What the text and the HTML report say in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count
from math import inf, isfinite

from grader.model import Counterexample, Measure, Outcome, Status, Verdict

WORDS = {
    Status.PASSED: "ok",
    Status.FAILED: "FAIL",
    Status.ERROR: "error",
    Status.TIMEOUT: "time",
    Status.MEMORY: "mem",
    Status.KILLED: "died",
    Status.FORBIDDEN: "rule",
    Status.SKIPPED: "skip",
    Status.NOT_APPLICABLE: "n/a",
    Status.SELF_ASSESSED: "self",
    Status.NOT_YET: "open",
    Status.GRADER_FAULT: "fault",
}
"""One short word for each status: no mark or colour is needed to tell them apart."""
NOTHING = Outcome(
    check="grading",
    claim="The grader comes to an end.",
    status=Status.GRADER_FAULT,
    message="The grader failed here, not your code. This does not count against you.",
    weight=0,
)
"""Stands for a verdict without outcomes, so that no reader takes it for a pass."""
CONFIRMED = "they count when an instructor confirms them"
FINE = (Status.PASSED, Status.SKIPPED, Status.NOT_APPLICABLE, Status.SELF_ASSESSED, Status.NOT_YET)
"""What needs no explanation."""


def headline(verdict: Verdict) -> str:
    """PASSED, NOT PASSED, EXAMPLES HOLD or GRADER FAULT."""
    if verdict.only_examples:
        return "EXAMPLES HOLD"
    return {0: "PASSED", 1: "NOT PASSED"}.get(verdict.exit_code, "GRADER FAULT")


def remark(verdict: Verdict) -> str:
    """What a reader of the score must know; usually nothing."""
    if verdict.counted:
        return verdict.counted.why
    if verdict.exit_code == 3:
        return NOTHING.message
    if verdict.only_examples:
        return "The hidden checks are not in this kit, so there are no points here."
    if any(each.status is Status.FORBIDDEN for each in verdict.outcomes):
        return "A rule is broken, so no check earns points until that is mended."
    if verdict.factor < 1:
        return f"Every point counts {decimal(verdict.factor)} times here; the notes say why."
    return pending(verdict)


def pending(verdict: Verdict) -> str:
    """That a part is not judged by the grader; empty where all of it is."""
    if verdict.counted or not verdict.at_stake:
        return ""
    return f"{points(verdict.at_stake)} points more are self-assessed: {CONFIRMED}."


def line(verdict: Verdict) -> str:
    """`softmax: NOT PASSED, 6.67 of 40 points`."""
    score = f"{points(verdict.score)} of {points(verdict.points)} points"
    return f"{verdict.exercise}: {headline(verdict)}, {score}"


def result(verdict: Verdict) -> str:
    """The line, and what counts instead where a deadline or a person changed that."""
    more = verdict.counted.why if verdict.counted else pending(verdict)
    return f"{line(verdict)}; {more}" if more else line(verdict)


def is_graded(verdict: Verdict) -> bool:
    """Whether its score may stand in a gradebook: no fault of ours, and not only examples."""
    return bool(verdict.counted) or (verdict.exit_code != 3 and not verdict.only_examples)


def checks(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, Outcome, Verdict]]:
    """Every check under a name that no other one has: its claim, and more where that is shared."""
    members, taken = tuple(verdicts), {""}
    for verdict in members:
        prefix = f"{verdict.exercise}: " if len(members) > 1 else ""
        for outcome in verdict.outcomes or (NOTHING,):
            claim = prefix + (" ".join(outcome.claim.split()) or outcome.check)
            more = (f"{claim} ({each})" for each in chain((outcome.check,), count(2)))
            name = next(each for each in chain((claim,), more) if each not in taken)
            taken.add(name)
            yield name, outcome, verdict


def judged(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, Outcome, Verdict]]:
    """The same without what the grader did not judge, for readers that know only pass and fail."""
    return (check for check in checks(verdicts) if check[1].judged and check[1].applies)


def points(value: float) -> str:
    """At most two decimals: 40, 12.5, 1,333.33."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def totals(verdicts: Iterable[Verdict], left: int = 0) -> tuple[float, int]:
    """Points earned and points possible; `left` are those of exercises that were not tried."""
    members = tuple(verdicts)
    return sum(each.counts for each in members), sum(each.points for each in members) + left


def by_unit(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by unit, both in the order in which they came."""
    units: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        units.setdefault(verdict.unit, []).append(verdict)
    return units


def seconds(value: float) -> str:
    """`48.3 s`, and `0.03 s` below one."""
    return f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def used(outcome: Outcome) -> str:
    """What a check took: `1.2 s, 0.45 CPU s, 312 MB`; empty where nothing was run."""
    if not outcome.peak_mb:
        return ""
    parts = (seconds(outcome.seconds), seconds(outcome.cpu_s).replace(" s", " CPU s"))
    return ", ".join((*parts, f"{outcome.peak_mb:,.0f} MB"))


def hit_a_limit(outcome: Outcome) -> bool:
    """Whether time or memory ended the check."""
    return outcome.status in (Status.TIMEOUT, Status.MEMORY)


def failures(verdict: Verdict) -> tuple[Outcome, ...]:
    """Outcomes that need an explanation, in the order of the checks."""
    return tuple(each for each in verdict.outcomes if each.status not in FINE)


def where(outcome: Outcome, verdict: Verdict) -> str:
    """The learner's line: `line 12 of attention.py`; empty where there is none."""
    return (
        f"line {outcome.line} of {outcome.file or verdict.file}" if outcome.line is not None else ""
    )


def measured(measure: Measure) -> str:
    """The number beside its bar: `accuracy 0.967 (bar 0.90)`."""
    value, bar = _values(measure)
    text = " ".join(part for part in (measure.name, value, measure.unit) if part)
    limit = " or less" if measure.better == "lower" else ""
    return f"{text} (bar {bar}{limit})" if bar else text


def meets(measure: Measure) -> bool:
    """Whether the value reaches its bar; a number without a bar has nothing to miss."""
    if measure.bar is None:
        return True
    if measure.better == "lower":
        return measure.value <= measure.bar
    return measure.value >= measure.bar


def errors(counterexample: Counterexample) -> str:
    """How wrong: `error 0.31, allowed 1e-06 (310,000 times)`; empty where nobody measured."""
    error, allowed = counterexample.error, counterexample.allowed
    if error is None:
        return ""
    if allowed is None:
        return f"error {error:.3g}"
    ratio = error / allowed if allowed else inf
    times = f" ({_times(ratio)} times)" if isfinite(ratio) and ratio > 1 else ""
    return f"error {error:.3g}, allowed {allowed:.3g}{times}"


def looks_like(outcome: Outcome) -> str:
    """The words before the named mistakes."""
    return "This looks like one of:" if len(outcome.mistakes) > 1 else "This looks like:"


def shorten(text: str, characters: int = 600, lines: int = 12) -> str:
    """The beginning of a text, and how much of it is left out."""
    kept = "\n".join(text.split("\n")[:lines])[:characters].rstrip()
    left = len(text.rstrip()) - len(kept)
    return f"{kept} ... ({left:,} more characters)" if left > 0 else kept


def printed(verdict: Verdict) -> str:
    """What the submission printed, once where several checks saw the same."""
    return "\n".join(dict.fromkeys(each.printed.strip("\n") for each in verdict.outcomes)).strip(
        "\n"
    )


def excerpt(verdict: Verdict, lines: int = 10) -> str:
    """The first lines that the submission printed, 200 characters each."""
    return "\n".join(each[:200] for each in printed(verdict).split("\n")[:lines])


def decimal(value: float, decimals: int = 3) -> str:
    """0.967, 0.90, 31.42, 12,400, 2e-07: a digit more before the point is one less behind it."""
    if not (value == 0 or 0.5 * 10**-decimals <= abs(value) < 1e12):
        return f"{value:.2g}"
    places = max(0, decimals + 1 - len(f"{abs(value):.0f}"))
    whole, _, fraction = f"{value:,.{places}f}".partition(".")
    fraction = fraction.rstrip("0")
    if not fraction and len(whole.lstrip("-")) > 1:
        return whole
    return f"{whole}.{fraction.ljust(min(2, places), '0')}"


def _values(measure: Measure) -> tuple[str, str]:
    """Value and bar, with enough decimals that a near miss does not read like a hit."""
    if measure.bar is None:
        return decimal(measure.value), ""
    pairs = [(decimal(measure.value, n), decimal(measure.bar, n)) for n in range(3, 16)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def _times(ratio: float) -> str:
    if ratio >= 1e9:
        return f"{ratio:.3g}"
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
