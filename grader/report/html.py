"""Verdicts as one HTML file that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from itertools import cycle
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from grader.model import Course, Curve, Exercise, Measure, Status, Verdict
from grader.report import chart, criteria, grid, wording
from grader.report.criteria import State
from grader.report.plain import plain, plain_text
from grader.report.wording import decimal

if TYPE_CHECKING:
    from jinja2 import Environment


class Chip(NamedTuple):
    """How a status looks: a word, a shape and a tone."""

    word: str
    shape: str
    tone: str


CHIPS = {
    Status.PASSED: Chip("passed", "check", "good"),
    Status.FAILED: Chip("failed", "cross", "bad"),
    Status.ERROR: Chip("raised an error", "cross", "bad"),
    Status.TIMEOUT: Chip("out of time", "clock", "bad"),
    Status.MEMORY: Chip("out of memory", "cross", "bad"),
    Status.KILLED: Chip("process ended", "cross", "bad"),
    Status.FORBIDDEN: Chip("rule broken", "bar", "bad"),
    Status.SKIPPED: Chip("skipped", "dash", "quiet"),
    Status.NOT_APPLICABLE: Chip("not applicable", "dash", "quiet"),
    Status.SELF_ASSESSED: Chip("self-assessed", "dash", "odd"),
    Status.NOT_YET: Chip("not yet", "dash", "quiet"),
    Status.GRADER_FAULT: Chip("grader fault", "bang", "odd"),
}
HEADLINES = {
    "PASSED": Chip("Passed", "check", "good"),
    "NOT PASSED": Chip("Not passed", "cross", "bad"),
    "GRADER FAULT": Chip("Grader fault", "bang", "odd"),
    "EXAMPLES HOLD": Chip("Examples hold", "dash", "odd"),
}
STATES = {
    State.PASSED: Chip("passed", "check", "good"),
    State.FAILED: Chip("failed", "cross", "bad"),
    State.FALLBACK: Chip("fallback", "dash", "odd"),
    State.SELF_ASSESSED: Chip("self-assessed", "dash", "odd"),
    State.NOT_APPLICABLE: Chip("not applicable", "dash", "quiet"),
    State.UNTRIED: Chip("not tried", "dash", "quiet"),
}


class Bullet(NamedTuple):
    """Places on a bar, in percent of its width."""

    value: float
    bar: float


class Key(NamedTuple):
    """One line of a chart's legend."""

    name: str
    kind: str
    """`series-1` to `series-4`, or `level`."""
    text: str


class Part(NamedTuple):
    """One unit of the page."""

    title: str
    verdicts: list[Verdict]
    untried: list[Exercise]


def as_html(
    verdicts: Iterable[Verdict], course_title: str = "Exercises", course: Course | None = None
) -> str:
    """One page for all verdicts, by unit; the same verdicts give the same bytes.

    Args: course, if the page is about all of it: what was not tried is shown and counted too.
    """
    shown = [plain(verdict) for verdict in verdicts]
    units = parts(shown, course)
    left = [exercise for part in units for exercise in part.untried]
    return render(
        "report.html.j2",
        course_title=plain_text(course_title),
        learners=list(dict.fromkeys(each.learner for each in shown if each.learner)),
        verdicts=shown,
        parts=units,
        count=len(shown) + len(left),
        left=sum(each.points for each in left),
        anchors={id(verdict): f"exercise-{n}" for n, verdict in enumerate(shown, 1)},
        criteria=criteria.table(course, shown) if course else [],
    )


def render(template: str, **values: object) -> str:
    """A page from one of the templates in this folder; texts of others must be plain already."""
    return _environment().get_template(template).render(**values).strip() + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"code": inline_code, "day": day, "capital": capital}
    environment.globals |= {
        "wording": wording,
        "grid": grid,
        "chips": CHIPS,
        "headlines": HEADLINES,
        "states": STATES,
        "untried": Chip("Not tried", "dash", "quiet"),
        "bullet": bullet,
        "chart": drawn,
        "keys": keys,
        "id": id,
    }
    return environment


def parts(verdicts: list[Verdict], course: Course | None) -> list[Part]:
    """The units in course order, each with what was tried and what was not."""
    tried = {each.exercise for each in verdicts}
    members = wording.by_unit(verdicts)
    titles = {unit.slug: unit.title for unit in course.units} if course else {}
    left = [each for each in course.exercises if each.slug not in tried] if course else []
    found = [
        Part(
            titles.get(unit, unit_name(unit)),
            members.get(unit, []),
            [each for each in left if each.unit == unit],
        )
        for unit in dict.fromkeys((*titles, *members))
    ]
    return [part for part in found if part.verdicts or part.untried]


def inline_code(text: str) -> Markup:
    """Escape a sentence and set what stands in `backticks` as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts)
    )


def unit_name(slug: str) -> str:
    """`recurrent_networks` as a heading."""
    return capital(slug.replace("_", " ").replace("-", " "))


def capital(text: str) -> str:
    """The first letter large, and every other as it is."""
    return text[:1].upper() + text[1:]


def day(started: str) -> str:
    """ISO 8601 as `2026-11-20 14:03 UTC`; what is no date stays as it is."""
    try:
        return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return started


def bullet(measure: Measure) -> Bullet | None:
    """Where value and bar lie; None where there is nothing to compare."""
    value, bar = measure.value, measure.bar
    if bar is None or not isfinite(value) or not isfinite(bar):
        return None
    low = min(0.0, value, bar)
    share = not measure.unit and low == 0 and max(value, bar) <= 1
    high = 1.0 if share else max(value, bar) + 0.15 * (max(value, bar) - low)
    span = (high - low) or 1.0
    return Bullet(round(100 * (value - low) / span, 2), round(100 * (bar - low) / span, 2))


def drawn(curve: Curve, width: str) -> Markup:
    """The curve as SVG, `wide` or `narrow`; empty where no point can be drawn."""
    if not chart.drawable(curve):
        return Markup("")
    return Markup(chart.draw(curve, chart.WIDE if width == "wide" else chart.NARROW))


def keys(curve: Curve) -> list[Key]:
    """The legend: first and last value of every series, then the levels."""
    kinds = cycle(f"series-{n}" for n in range(1, len(chart.SERIES) + 1))
    lines = [
        Key(name, kind, f"{decimal(points[0][1])} → {decimal(points[-1][1])}")
        for kind, (name, points) in zip(kinds, curve.series.items(), strict=False)
        if points
    ]
    return lines + [Key(name, "level", decimal(value)) for name, value in curve.levels.items()]
