"""Commands around a learner's workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import catalogue, folder, workspace
from grader.cli.common import (
    course_option,
    json_option,
    load_course,
    need_workspace,
    slug_argument,
)
from grader.cli.progress import bar
from grader.model import Course, Exercise, Submission, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.ledger import Ledger, Row
    from grader.workspace import Workspace

WIDE = 140
"""Columns from which two files stand side by side."""


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--notebook", is_flag=True, help="Notebooks in place of Python files.")
@course_option
def init(target: Path, notebook: bool, folder: Path | None) -> None:
    """Make a workspace: a file to edit for each exercise. Nothing is ever overwritten.

    Run it again to add what a newer course brings.

    \b
    Examples:
        grade init work
        grade init work --notebook
    """
    home = workspace.find(target.absolute())
    asked = folder is not None or home is None
    root = catalogue.find_root(folder) if asked else home.course  # type: ignore[union-attr]
    made = workspace.init(target, root, catalogue.load(root), as_notebooks=notebook)
    click.echo(f"{len(made.added)} files added, {len(made.kept)} kept as they were.")
    step = "" if target.resolve() == Path.cwd() else f"cd {target}, then "
    click.echo(f"Next: {step}`grade`, or `grade watch` to grade at every save.")


@click.command()
@slug_argument
@course_option
def reset(slug: str, folder: Path | None) -> None:
    """Start an exercise anew from its stub; your file is kept in .grader/kept.

    \b
    Example:
        grade reset sdpa_masks
    """
    home, (_, course) = need_workspace(), load_course(folder)
    path, kept = home.reset(catalogue.find(course, slug))
    click.echo(f"{path.relative_to(home.folder)} is the stub again.")
    if kept:
        click.echo(f"Your file is {kept.relative_to(home.folder)}.")


@click.command()
@slug_argument
@course_option
def solution(slug: str, folder: Path | None) -> None:
    """Show the reference solution beside yours, once you have passed.

    \b
    Example:
        grade solution sdpa_masks
    """
    from rich.console import Console

    from grader.ledger import Ledger

    home, (_, course) = need_workspace(), load_course(folder)
    exercise = catalogue.find(course, slug)
    Console().print(side_by_side(exercise, home, Ledger(home.state)))


def side_by_side(exercise: Exercise, home: Workspace, ledger: Ledger) -> RenderableType:
    """The learner's file and the reference, in two columns where there is room.

    Raises: UsageError before the exercise is passed, or where there is no reference.
    """
    from rich.console import Console, Group
    from rich.syntax import Syntax
    from rich.table import Table
    from rich.text import Text

    row = ledger.best().get(exercise.slug)
    if not (row and row.passed):
        raise UsageError(
            f"the solution of {exercise.slug} is shown after a pass; `grade hint {exercise.slug}`"
            " helps on the way."
        )
    reference = exercise.reference
    if not reference.exists():
        raise UsageError(f"the solution of {exercise.slug} is not in this kit.")
    path = home.file_of(exercise)
    yours, theirs = (
        _as_text(exercise, workspace.read(exercise, each)) for each in (path, reference)
    )
    blocks = [
        (Text(title, "bold"), Syntax(text.strip(), "python", theme="ansi_dark", word_wrap=True))
        for title, text in ((f"Yours: {path.name}", yours), ("The reference", theirs))
    ]
    if Console().width < WIDE:
        return Group(*(part for block in blocks for part in (*block, Text())))
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(*(Group(*block) for block in blocks))
    return table


def _as_text(exercise: Exercise, submission: Submission) -> str:
    if not exercise.is_folder:
        return submission.content.decode("utf-8", "replace")
    files = {n: c for n, c in folder.unpack(submission.content).items() if b"\0" not in c}
    return "\n".join(f"# --- {n}\n{c.decode('utf-8', 'replace')}" for n, c in files.items())


@click.command()
@json_option
@course_option
def status(as_json: bool, folder: Path | None) -> None:
    """Show how far you are: units, attempts, best measures.

    \b
    Example:
        grade status
    """
    import json

    from grader.ledger import Ledger

    home, (_, course) = need_workspace(), load_course(folder)
    ledger = Ledger(home.state)
    best = ledger.best()
    counts = ledger.counts()
    measured = {slug: _measures(ledger, row) for slug, row in best.items()}
    if as_json:
        rows = {
            slug: {
                "score": r.score,
                "points": r.points,
                "passed": r.passed,
                "attempts": counts[slug],
                "measures": dict(measured[slug]),
            }
            for slug, r in best.items()
        }
        click.echo(json.dumps({"exercises": rows}))
        return
    for unit in course.units:
        members = [each for each in course.exercises if each.unit == unit.slug]
        if members:
            _unit(unit.title, members, best, counts, measured)
    _total(course, best, workspace.unfinished(course, ledger))


def _unit(
    title: str,
    members: list[Exercise],
    best: dict[str, Row],
    counts: dict[str, int],
    measured: dict[str, list[tuple[str, str]]],
) -> None:
    passed = sum(best[each.slug].passed for each in members if each.slug in best)
    shown = bar(passed, len(members))
    click.echo(f"{title:<34}{shown} {passed} of {len(members)} passed")
    for each in members:
        if each.slug not in best:
            continue
        row, count = best[each.slug], counts[each.slug]
        word = "passed" if row.passed else "tried"
        times = "1 attempt" if count == 1 else f"{count} attempts"
        click.echo(f"  {each.slug:<22}{word:<7}{row.score:g}/{row.points} points, {times}")
        for name, value in measured[each.slug]:
            click.echo(f"    {name}: {value}")


def _measures(ledger: Ledger, row: Row) -> list[tuple[str, str]]:
    """What was measured against a bar in the best attempt."""
    from grader.report.wording import decimal

    found = {
        measure.name: f"{decimal(measure.value)} {measure.unit}".rstrip()
        for outcome in ledger.read(row.path).outcomes
        for measure in outcome.measures
        if measure.bar is not None
    }
    return list(found.items())


def _total(course: Course, best: dict[str, Row], todo: list[Exercise]) -> None:
    slugs = {each.slug for each in course.exercises}
    rows = [row for slug, row in best.items() if slug in slugs]
    points = sum(each.points for each in course.exercises)
    passed = sum(row.passed for row in rows)
    click.echo(f"\n{passed} of {len(slugs)} exercises passed, ", nl=False)
    click.echo(f"{sum(row.score for row in rows):g} of {points} points.")
    if todo:
        click.echo(f"Next: {todo[0].slug}, {todo[0].title}.")
