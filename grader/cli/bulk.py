"""`grade bulk`, `grade regrade`, `grade merge`: a class at once."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from grader.cli.common import course_option, load_course, refuse_unsandboxed
from grader.model import Level, UsageError

if TYPE_CHECKING:
    from grader.bulk.intake import Class, Trouble, Work
    from grader.bulk.results import Key, Results
    from grader.bulk.summary import Exercise, Summary
    from grader.ledger import Row

MOST_JOBS = 8
"""By default; each takes about half a gigabyte besides what a submission may use."""
LINE_S = 10
"""Between two lines of progress where there is no terminal."""
Command = Callable[..., None]


class Shard(click.ParamType):  # type: ignore[type-arg]  # generic only in newer ones
    """`i/n`, from 1/n to n/n."""

    name = "i/n"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Two numbers."""
        if isinstance(value, tuple):
            return value
        number, _, count = value.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            self.fail(f"`{value}` is no shard; write 1/4 for the first of four.")
        return int(number), int(count)


class Asked(NamedTuple):
    """What `bulk` and `regrade` are asked for."""

    place: Path
    output: Path
    jobs: int
    shard: tuple[int, int]
    sandbox: str | None
    allow_unsandboxed: bool
    folder: Path | None


def class_options(command: Command) -> Command:
    """The options of both commands, handed over as one."""

    @functools.wraps(command)
    def asking(output: Path | None, place: Path, strict: bool, **options: Any) -> None:
        place = place.resolve()  # so that `.` has a name
        output = output or place.with_name(f"{place.name}-results")
        command(Asked(place=place, output=output, **options), strict=strict)

    for decorate in (
        course_option,
        click.option("--allow-unsandboxed", is_flag=True, help="Even where nothing is isolated."),
        click.option("--sandbox", type=click.Choice(["strict", "container", "basic"])),
        click.option("--strict", is_flag=True, help="Exit code 1 if anybody did not pass."),
        click.option(
            "--shard", type=Shard(), default=(1, 1), help="Only one part of the learners."
        ),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of results."),
        click.option("-j", "--jobs", type=click.IntRange(1, 256), default=_cores, help="At once."),
        click.argument("place", type=click.Path(file_okay=False, path_type=Path), metavar="DIR"),
    ):
        asking = decorate(asking)
    return asking


def _cores() -> int:
    return min(MOST_JOBS, os.cpu_count() or 1)


@click.command()
@class_options
def bulk(asked: Asked, strict: bool) -> None:
    """Grade what a class handed in: a folder or a zip for each learner, or a platform's export.

    Results go to DIR-results. Killed and run again, it goes on with what is left; what was graded
    with the same submission, checks and data is not graded again.

    \b
    Examples:
        grade bulk autumn -j 4
        grade bulk autumn --shard 2/3 -o part2      on the second of three machines
    """
    results, found = _grade(asked)
    _tell(found, results.folder)
    _exit(found, strict)


@click.command()
@class_options
def regrade(asked: Asked, strict: bool) -> None:
    """Grade again what changed checks, references, data or submissions affect, and say who moved.

    \b
    Example:
        grade regrade autumn
    """
    from grader.bulk.results import Results

    before = Results(asked.output).newest() if asked.output.is_dir() else {}
    if not before:
        raise UsageError(f"{asked.output.name} holds no results yet; use `grade bulk` first.")
    results, found = _grade(asked)
    _tell_moves(results, before)
    _exit(found, strict)


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OUT..."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def merge(sources: tuple[Path, ...], output: Path) -> None:
    """Put the results of several shards together, no record twice, and write the summary anew.

    \b
    Example:
        grade merge part1 part2 part3 -o autumn-results
    """
    from grader.bulk import results

    new, count = results.merge(sources, output.resolve())
    click.echo(f"{new} of {count} records are new in {output}; see {output / 'summary.html'}.")


def _grade(asked: Asked) -> tuple[Results, Summary]:
    """What is left to grade, graded and recorded one by one."""
    from grader import box, engine
    from grader.bulk import intake, supervisor
    from grader.bulk.results import Results, free_of, is_of
    from grader.ledger import digest

    root, course = load_course(asked.folder)
    free_of(asked.place, asked.output)
    isolation = box.isolation(Level(asked.sandbox) if asked.sandbox else None)
    refuse_unsandboxed(isolation.level, asked.allow_unsandboxed)
    given = intake.read_class(asked.place, course, lambda learner: is_of(*asked.shard, learner))
    results = Results(asked.output)
    wanted = {work.exercise.slug: work.exercise for work in given.works}
    rests = {slug: digest(engine.hashes(exercise)) for slug, exercise in wanted.items()}
    left = results.pending(given.works, rests)
    _tell_intake(given, len(left))
    if not all(each.has_hidden_checks for each in wanted.values()):
        click.echo(
            "Only visible examples are run: the hidden checks are not in this kit.", err=True
        )
    new = _work_off(left, asked.jobs, supervisor.command(root, isolation), results)
    _tell_troubles(new)
    found = results.close([*given.troubles, *new], asked.place.name)
    return results, found._replace(faults=found.faults + len(new))


def _work_off(
    left: list[Work], jobs: int, command: list[str], results: Results
) -> tuple[Trouble, ...]:
    """Grade all of it, each recorded the moment it is done; what could not be graded."""
    from grader.bulk import supervisor
    from grader.bulk.intake import Trouble

    troubles, slots = [], min(jobs, len(left))
    with (
        results.log() as log,
        _bar(len(left)) as step,
        closing(supervisor.grade(left, slots, command, log)) as stream,
    ):
        for done in stream:
            if done.verdict:
                results.ledger.record(done.verdict)
            else:
                why = f"{done.work.exercise.slug}: {done.fault.rstrip('.')}."
                troubles.append(Trouble(done.work.learner, why))
            step()
    return tuple(troubles)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
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


def _tell_intake(given: Class, left: int) -> None:
    learners = len({work.learner for work in given.works})
    words = f"{learners} learners, {len(given.works)} submissions"
    graded = len(given.works) - left
    click.echo(f"{words}; {graded} are graded already." if graded else f"{words}.", err=True)
    _tell_troubles(given.troubles)


def _tell_troubles(troubles: tuple[Trouble, ...]) -> None:
    from grader.report.plain import plain_text

    for learner, why in troubles:
        click.echo(plain_text(f"not graded: {learner}: {why}"), err=True)


def _tell(found: Summary, folder: Path) -> None:
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


def _tell_moves(results: Results, before: dict[Key, Row]) -> None:
    from grader.report.plain import plain_text

    moves = results.moves(before)
    for each in moves:
        if each.before != each.after:
            points = f"{each.before:g} -> {each.after:g}"
            click.echo(plain_text(f"{each.learner}  {each.exercise}  {points}  ({each.why})"))
    stayed = sum(each.before == each.after for each in moves)
    click.echo(f"{len(moves) - stayed} moved, {stayed} were graded again and stayed.")


def _exit(found: Summary, strict: bool) -> None:
    """Marks decide nothing unless asked; what the grader could not grade does."""
    if found.faults:
        raise SystemExit(3)
    failed = bool(found.troubles) or any(each.passed < 1 for each in found.exercises)
    raise SystemExit(1 if strict and failed else 0)


COMMANDS = (bulk, regrade, merge)
