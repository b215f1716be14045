"""What `grade bulk` and its kin print: progress, troubles, a row for each exercise, who moved."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.bulk.intake import Class, Trouble
    from grader.bulk.overrides import Key
    from grader.bulk.results import Results
    from grader.bulk.summary import Exercise, Summary
    from grader.ledger import Row

LINE_S = 10
"""Between two lines of progress where there is no terminal."""
MOST = 20
"""Lines of a list; the summary has all."""


@contextmanager
def bar(total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, or a line now and then; call what it gives after each submission."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    began = told = time.monotonic()
    done = 0

    def words() -> str:
        spent = max(time.monotonic() - began, 1e-3)
        left = timedelta(seconds=round(spent / done * (total - done))) if done else "?"
        return f"{done}/{total} graded, {60 * done / spent:.0f} a minute, {left} left"

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(words(), total=total)

        def step() -> None:
            nonlocal done, told
            done += 1
            progress.update(task, completed=done, description=words())
            if not console.is_terminal and (time.monotonic() - told > LINE_S or done == total):
                told = time.monotonic()
                click.echo(words(), err=True)

        yield step


def tell_intake(given: Class, left: int) -> None:
    """How much was handed in, and how much of it is left to grade."""
    learners = len({work.learner for work in given.works})
    words = f"{learners} learners, {len(given.works)} submissions"
    graded = len(given.works) - left
    click.echo(f"{words}; {graded} are graded already." if graded else f"{words}.", err=True)
    tell_troubles(given.troubles)


def tell_troubles(troubles: Iterable[Trouble]) -> None:
    """Whose work is not graded, and why."""
    from grader.report.plain import plain_text

    for learner, why in troubles:
        click.echo(plain_text(f"not graded: {learner}: {why}"), err=True)


def tell_notes(found: Summary, strangers: Set[str] = frozenset()) -> None:
    """What an instructor must know about points; the summary has all of it.

    Args: strangers, whom the tables of the late policy name and nobody else knows.
    """
    from grader.report.plain import plain_text

    for name in sorted(strangers):
        click.echo(plain_text(f"note: the tables name {name}, who handed in nothing."), err=True)
    for learner, text in found.notes[:MOST]:
        click.echo(plain_text(f"note: {learner}: {text}"), err=True)
    if len(found.notes) > MOST:
        click.echo(f"note: {len(found.notes) - MOST} more are in summary.csv.", err=True)
    if found.changes:
        count = len(found.changes)
        is_ = "result counts" if count == 1 else "results count"
        click.echo(f"{count} {is_} other points than the grader gave; summary.csv has both.")


def tell(found: Summary, folder: Path) -> None:
    """A row for each exercise."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("exercise", "handed in", "passed", "mean", "hardest check", "commonest mistake"):
        table.add_column(
            name, justify="right" if name in ("handed in", "passed", "mean") else "left"
        )
    for each in found.exercises:
        table.add_row(*_row(each))
    Console().print(table)
    here = Path(os.path.relpath(folder))
    click.echo(f"\nPoints: {here / 'summary.csv'}\nStatistics: {here / 'summary.html'}")


def _row(each: Exercise) -> Iterator[Any]:
    from rich.text import Text

    hardest = min(each.checks, key=lambda check: check.passed)
    mistake = f"{each.mistakes[0][1]}x {each.mistakes[0][0]}" if each.mistakes else ""
    yield from (each.slug, str(each.tried), f"{each.passed:.0%}", f"{each.mean:.1f}/{each.points}")
    yield Text(f"{hardest.passed:.0%} {hardest.claim}" if hardest.passed < 1 else "")
    yield Text(mistake)


def tell_moves(results: Results, before: Mapping[Key, Row]) -> None:
    """Who was graded again since, from what to what, and why."""
    from grader.report.plain import plain_text

    moves, decisions = results.moves(before), results.decisions()
    for each in moves:
        if each.before != each.after:
            given = decisions.overrides.get((each.learner, each.exercise))
            holds = given is not None and given.counts(decisions.today)
            still = f"; {given.score:g} by {given.by} counts" if given and holds else ""
            points = f"{each.before:g} -> {each.after:g}"
            line = f"{each.learner}  {each.exercise}  {points}  ({each.why}{still})"
            click.echo(plain_text(line))
    stayed = sum(each.before == each.after for each in moves)
    click.echo(f"{len(moves) - stayed} moved, {stayed} were graded again and stayed.")
