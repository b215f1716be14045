"""`grade bulk`, `grade regrade`, `grade merge`: a class at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from grader.cli.common import course_option, load_course, refuse_unsandboxed
from grader.model import Course, Isolation, Level, UsageError

if TYPE_CHECKING:
    from grader.bulk.intake import Class, Trouble, Work
    from grader.bulk.results import Results
    from grader.bulk.summary import Summary
    from grader.bulk.supervisor import Done

MOST_JOBS = 8
"""By default; each takes about half a gigabyte besides what a submission may use."""
WAITING = "not graded yet; use `grade bulk`"
Command = Callable[..., None]
Grading = Callable[[list["Work"], Any], "Generator[Done, None, None]"]
"""Grades works, and has a log for what slots say; yields each as soon as it is done."""


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
    scheduler: str | None
    late: Path | None
    sandbox: str | None
    allow_unsandboxed: bool
    folder: Path | None
    names: tuple[str, ...] = ()
    """Learners and exercises; none means all."""
    anew: bool = False
    """Also what was graded with the same of everything."""


def class_options(command: Command) -> Command:
    """The options of both commands, handed over as one."""

    @functools.wraps(command)
    def asking(
        output: Path | None,
        place: Path,
        strict: bool,
        names: tuple[str, ...] = (),
        changed: bool = True,
        **options: Any,
    ) -> None:
        place = place.resolve()  # so that `.` has a name
        output = output or place.with_name(f"{place.name}-results")
        asked = Asked(place=place, output=output, names=names, anew=not changed, **options)
        command(asked, strict=strict)

    for decorate in (
        course_option,
        click.option("--allow-unsandboxed", is_flag=True, help="Even where nothing is isolated."),
        click.option("--sandbox", type=click.Choice(["strict", "container", "basic"])),
        click.option("--strict", is_flag=True, help="Exit code 1 if anybody did not pass."),
        click.option(
            "--late",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Deadline and what lateness costs; it holds until another is given.",
        ),
        click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster that grades."),
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
        grade bulk autumn --late late.yaml
        grade bulk autumn --shard 2/3 -o part2      on the second of three machines
        grade bulk autumn --scheduler tls://head:8786
    """
    from grader.bulk.results import Results
    from grader.cli.bulk_words import tell

    results = Results(asked.output)
    found = _grade(asked, results)
    tell(found, results.folder)
    _exit(found, strict)


@click.command()
@class_options
@click.option(
    "--changed", is_flag=True, help="Only where checks, reference, data or submission changed."
)
@click.argument("names", nargs=-1, metavar="[LEARNER|EXERCISE]...")
def regrade(asked: Asked, strict: bool) -> None:
    """Grade a class again, or those that are named, and say who moved and why.

    Nothing is overwritten: old records stay, the newest counts, and so do overrides.

    \b
    Examples:
        grade regrade autumn --changed              what a mended check affects
        grade regrade autumn softmax
        grade regrade autumn ada bob
    """
    from grader.bulk.results import Results
    from grader.cli.bulk_words import tell_moves

    results = Results(asked.output)
    before = results.newest() if asked.output.is_dir() else {}
    if not before:
        raise UsageError(f"{asked.output.name} holds no results yet; use `grade bulk` first.")
    found = _grade(asked, results)
    tell_moves(results, before)
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
    from grader.bulk.lock import locked

    with locked(output):
        new, count = results.merge(sources, output.resolve())
    click.echo(f"{new} of {count} records are new in {output}; see {output / 'summary.html'}.")


def _grade(asked: Asked, results: Results) -> Summary:
    """What is left to grade, graded and recorded one by one."""
    from grader.bulk import intake, late
    from grader.bulk.lock import locked
    from grader.bulk.results import free_of, is_of, rests_of
    from grader.cli.bulk_words import tell_intake, tell_notes, tell_troubles

    root, course = load_course(asked.folder)
    free_of(asked.place, asked.output)
    isolation = _isolation(asked)
    refuse_unsandboxed(isolation.level, asked.allow_unsandboxed)
    given = intake.read_class(asked.place, course, lambda learner: is_of(*asked.shard, learner))
    chosen = _named(given, asked.names, course)
    policy = asked.late and late.read(asked.late, {each.slug for each in course.exercises})
    rests = rests_of(given.works)
    with locked(asked.output):
        if policy:
            results.keep_late(policy)
        results.keep_times(given.works)
        left = chosen if asked.anew else results.pending(chosen, rests)
        tell_intake(given._replace(works=tuple(chosen)), len(left))
        if not all(each.exercise.has_hidden_checks for each in given.works):
            click.echo(
                "Only visible examples are run: the hidden checks are not in this kit.", err=True
            )
        new = _work_off(left, _grading(asked, root, isolation, rests), results)
        tell_troubles(new)
        others = {*given.works} - {*chosen}
        waiting = [_trouble(each, WAITING) for each in results.pending(others, rests)]
        found = results.close([*given.troubles, *new, *waiting], asked.place.name)
    tell_notes(found, policy.strangers(results.learners()) if policy else set())
    return found._replace(faults=found.faults + len(new))


def _isolation(asked: Asked) -> Isolation:
    """Of this machine; of the cluster's, where those grade, at least what is asked of them."""
    from grader import box

    wanted = Level(asked.sandbox) if asked.sandbox else None
    if asked.scheduler:
        return Isolation(level=wanted or Level.STRICT)
    return box.isolation(wanted)


def _named(given: Class, names: tuple[str, ...], course: Course) -> list[Work]:
    """The works of the named learners, in the named exercises; no names are all of them.

    Raises: UsageError if a name is neither.
    """
    slugs = {each.slug for each in course.exercises}
    learners = {each.learner for each in given.works}
    for name in names:
        if name not in slugs | learners:
            raise UsageError(
                f"`{name}` is no learner who handed in, and no exercise; mend the name."
            )
    wanted, whose = slugs & {*names}, learners & {*names}
    return [
        each
        for each in given.works
        if (not wanted or each.exercise.slug in wanted) and (not whose or each.learner in whose)
    ]


def _grading(asked: Asked, root: Path, isolation: Isolation, rests: dict[str, str]) -> Grading:
    """Slots of this machine, or the workers of a cluster."""
    from grader.bulk import supervisor

    command = supervisor.command(root, isolation)
    if scheduler := asked.scheduler:
        from grader.bulk import cluster

        return lambda works, _: cluster.grade(works, scheduler, command, rests)
    return lambda works, log: supervisor.grade(works, min(asked.jobs, len(works)), command, log)


def _work_off(left: list[Work], grading: Grading, results: Results) -> list[Trouble]:
    """Grade all of it, each recorded the moment it is done; what could not be graded."""
    from grader.cli.bulk_words import bar

    troubles: list[Trouble] = []
    if not left:
        return troubles  # and no cluster is asked for nothing
    with (
        results.log() as log,
        bar(len(left)) as step,
        closing(grading(left, log)) as stream,
    ):
        for done in stream:
            if done.verdict:
                results.ledger.record(done.verdict)
            else:
                troubles.append(_trouble(done.work, done.fault))
            step()
    return troubles


def _trouble(work: Work, why: str) -> Trouble:
    from grader.bulk.intake import Trouble

    return Trouble(work.learner, f"{work.exercise.slug}: {why.rstrip('.')}.")


def _exit(found: Summary, strict: bool) -> None:
    """Marks decide nothing unless asked; what the grader could not grade does."""
    if found.faults:
        raise SystemExit(3)
    failed = bool(found.troubles) or any(each.passed < 1 for each in found.exercises)
    raise SystemExit(1 if strict and failed else 0)


COMMANDS = (bulk, regrade, merge)
