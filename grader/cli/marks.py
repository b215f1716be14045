"""What an instructor does with a class's results: give points, report, compare submissions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import course_option, load_course
from grader.cli.exam_staff import by_option
from grader.cli.output import Output
from grader.model import Course, UsageError, Verdict

if TYPE_CHECKING:
    from grader.bulk.results import Results
    from grader.report.cells import People

UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
out_argument = click.argument("out", type=click.Path(path_type=Path), metavar="OUT")


@click.command()
@out_argument
@click.argument("learner")
@click.argument("exercise")
@click.option("--score", type=float, required=True, help="Points of the exercise.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it counts (UTC)."
)
@click.option("--reason", required=True, help="The learner can read it.")
@by_option
def override(
    out: Path,
    learner: str,
    exercise: str,
    score: float,
    expires: datetime | None,
    reason: str,
    by: str,
) -> None:
    """Put your points in place of the grader's; both are shown, with your name and reason.

    The newest counts, also after the work is graded again. One that has expired counts no more.

    \b
    Examples:
        grade override autumn-results ada softmax --score 8 --reason "right but for a typo"
        grade override autumn-results ada softmax --score 8 --reason "appeal" --expires 2026-12-24
    """
    from grader.bulk.exports import text
    from grader.bulk.lock import locked
    from grader.bulk.overrides import Override
    from grader.cli.bulk_words import tell_notes
    from grader.report.plain import plain_text

    results, learner = _results(out), text(learner)
    with locked(out):
        row = results.newest().get((learner, exercise))
        if row is None:
            raise UsageError(
                f"nothing of {learner} is graded for {exercise} in {out.name}; summary.csv there"
                " has the names."
            )
        if not 0 <= score <= row.points:
            raise UsageError(f"{score:g} is not from 0 to {row.points}, the points of {exercise}.")
        if not (by.strip() and reason.strip()):
            raise UsageError("an override has an author and a reason; name them by --by, --reason.")
        given = Override(
            learner=learner,
            exercise=exercise,
            score=score,
            by=by.strip(),
            reason=reason.strip(),
            expires=expires.date() if expires else None,
        )
        results.overrides.give(given)
        found = results.recount()
    (mine,) = [
        each for each in results.verdicts() if (each.learner, each.exercise) == (learner, exercise)
    ]
    click.echo(plain_text(f"{learner}  {exercise}  {mine.counts:g}  ({_why(mine)})"))
    tell_notes(found)


def _why(verdict: Verdict) -> str:
    return verdict.counted.why if verdict.counted else "expired; the grader's points count"


def _results(out: Path) -> Results:
    """Raises: UsageError where a folder holds no results."""
    from grader.bulk.results import Results

    results = Results(out.resolve())
    if not (out / "results").is_dir():
        raise UsageError(f"{out.name} holds no results; name a folder of `grade bulk`.")
    return results


def report_class(
    out: Path, outputs: Sequence[Output], roster: Path | None, course: Course, as_json: bool
) -> None:
    """Reports on a class; without any the summary is written anew, as it stands today.

    What is read by one learner becomes a file for each, in a folder of the learner's name.

    Raises: UsageError, after all of them, if a file cannot be written.
    """
    from grader import report
    from grader.bulk import roster as rosters
    from grader.bulk.lock import locked
    from grader.cli.bulk_words import tell_notes
    from grader.cli.output import write
    from grader.report.plain import plain_text

    results = _results(out)
    if not outputs and not as_json:
        with locked(out):
            tell_notes(results.recount())
        click.echo(f"Summary: {out / 'summary.csv'}, {out / 'summary.html'}")
        return
    verdicts = list(results.verdicts())
    if as_json:
        click.echo(report.as_json(verdicts))
    people: People = {}
    if roster:
        people, unmatched = rosters.match(roster, sorted({each.learner for each in verdicts}))
        for name, why in unmatched:
            click.echo(plain_text(f"not in the roster: {name}: {why}"), err=True)
    shared = [each for each in outputs if report.FORMATS[each.format].of != "learner"]
    write(shared, verdicts, course, people=people)
    for learner, folder in folder_names(each.learner for each in verdicts).items():
        mine = [each for each in verdicts if each.learner == learner]
        own = [_below(each, folder) for each in outputs if each not in shared]
        write(own, mine, course)


def _below(output: Output, folder: str) -> Output:
    return output._replace(path=output.path.parent / folder / output.path.name)


def folder_names(learners: Iterable[str]) -> dict[str, str]:
    """A folder for each learner, none for two: what no folder can be called is replaced."""
    found: dict[str, str] = {}
    for learner in dict.fromkeys(learners):
        name = UNSAFE.sub("_", learner).strip(". ")[:100]
        if name != learner or name.casefold() in map(str.casefold, found.values()):
            name += "-" + sha256(learner.encode()).hexdigest()[:8]
        found[learner] = name
    return found


@click.command()
@click.argument("place", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--least", type=click.FloatRange(0, 1), default=0.5, help="Share that is told.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Page with both sides.")
@course_option
def similar(place: Path, least: float, output: Path | None, folder: Path | None) -> None:
    """List code of a class that is alike, for a person to read; it decides nothing.

    A page with both sides goes to DIR-similar.html. Names, comments and layout do not matter; what
    stands in the stub or the reference is left out.

    \b
    Example:
        grade similar autumn
    """
    from grader.bulk.intake import read_class
    from grader.bulk.similar import pairs
    from grader.cli.bulk_words import tell_troubles
    from grader.cli.exam_marks import tell_pairs

    place = place.resolve()
    given = read_class(place, load_course(folder)[1])
    found, troubles = pairs(given.works, least)
    tell_troubles(sorted({*given.troubles, *troubles}))
    tell_pairs(found, output or place.with_name(f"{place.name}-similar.html"), place.name)
    click.echo(f"{len(given.works)} submissions, {len(found)} pairs alike by {least:.0%} or more.")


COMMANDS = (override, similar)
