"""Commands that grade, and the report of what was graded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click

from grader import catalogue, workspace
from grader.cli.common import (
    complete_slug,
    course_option,
    json_option,
    learner_name,
    load_course,
    state_folder,
    task_of,
)
from grader.cli.output import Output, no_workflow_commands, output_option, write
from grader.cli.progress import ProgressLine
from grader.model import Course, Exercise, GraderFault, Level, Submission, UsageError, Verdict


@click.command()
@click.argument("targets", nargs=-1, shell_complete=complete_slug, metavar="[SLUG|FILE]...")
@click.option("--all", "everything", is_flag=True, help="Every exercise of the course.")
@click.option("--file", type=click.Path(path_type=Path), help="Grade this file for SLUG.")
@click.option("--reference", is_flag=True, help="Grade the reference solutions.")
@output_option
@click.option("--sandbox", type=click.Choice(["strict", "container", "basic"]))
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    help="What submissions may use; without cuda, checks of a GPU are not applicable.",
)
@click.option("--seed", type=int, help="Seed of the drawn inputs.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Explain all failures; show what each check took."
)
@json_option
@course_option
def run(
    targets: tuple[str, ...],
    everything: bool,
    file: Path | None,
    reference: bool,
    outputs: tuple[Output, ...],
    sandbox: str | None,
    device: Literal["cpu", "cuda"],
    seed: int | None,
    verbose: bool,
    as_json: bool,
    folder: Path | None,
) -> None:
    """Grade submissions: what comes next, by exercise name, by file, or all.

    \b
    Examples:
        grade                                in a workspace: the next unfinished exercise
        grade sdpa_masks                     your file of that name
        grade work/sdpa_masks.py             a file; its name says which exercise
        grade run sdpa_masks --file a.py     any file
        grade run --all --reference -o report.html
        grade run sdpa_masks -o gradescope:results.json -o junit.xml
    """
    from grader.ledger import Ledger

    _, course = load_course(folder)
    home = workspace.find()
    if home and not (targets or everything or file or reference or as_json):
        targets = _next(course, home)
    from rich.console import Console

    from grader import box, engine
    from grader.warm import Warm

    chosen = list(_chosen(course, targets, everything, file, reference))
    isolation = box.isolation(Level(sandbox) if sandbox else None, device)
    verdicts: list[Verdict] = []
    not_kept: GraderFault | None = None
    with ProgressLine(Console(stderr=True)) as line, Warm(isolation) as warm:
        for exercise, path in chosen:
            source = _submission(exercise, path, seed)
            verdict = engine.grade(
                exercise,
                source,
                isolation,
                learner=learner_name(),
                seed=seed,
                naming=path != exercise.reference,  # which is no copy of itself
                box=warm.box(exercise),
                progress=line.show,
            )
            line.erase()
            try:
                Ledger(state_folder()).record(verdict)
            except GraderFault as fault:
                not_kept = GraderFault(f"the verdict above holds but was not kept. {fault}")
            verdicts.append(verdict)
            if not as_json:
                _print_one(verdict, len(chosen), verbose)
    if not as_json and course.hand_in and not all(each.has_hidden_checks for each, _ in chosen):
        click.echo(f"\nHand in: {course.hand_in}")
    if home and len(verdicts) == 1 and verdicts[0].passed and not (as_json or not_kept):
        _say_next(course, home)
    _finish(verdicts, as_json)
    write(outputs, verdicts, course, whole=everything, files=chosen)
    if not_kept:
        raise not_kept
    raise SystemExit(max(verdict.exit_code for verdict in verdicts))


def _next(course: Course, home: workspace.Workspace) -> tuple[str, ...]:
    """The next unfinished exercise; one that nobody has begun is shown and not graded."""
    todo = _todo(course, home)
    if not todo:
        click.echo("Every exercise is passed; `grade status` shows them all.")
        raise SystemExit(0)
    if workspace.is_untouched(todo[0], workspace.read(todo[0], home.file_of(todo[0]))):
        click.echo(task_of(todo[0], home))
        raise SystemExit(1)
    return (todo[0].slug,)


def _todo(course: Course, home: workspace.Workspace) -> list[Exercise]:
    from grader.ledger import Ledger

    return workspace.unfinished(course, Ledger(home.state))


def _say_next(course: Course, home: workspace.Workspace) -> None:
    for exercise in _todo(course, home)[:1]:
        click.echo(f"\nNext: {exercise.slug}, {exercise.title}. Run `grade`.")


def _submission(exercise: Exercise, path: Path, seed: int | None) -> Submission:
    if path.exists() and path.resolve().is_relative_to(exercise.solution.resolve()):
        from grader import engine, personal

        seed = personal.personal_seed(exercise, learner_name()) if seed is None else seed
        return engine.submission_of(exercise, path, seed)
    return workspace.read(exercise, path)


def _chosen(
    course: Course, targets: tuple[str, ...], everything: bool, file: Path | None, reference: bool
) -> Iterator[tuple[Exercise, Path]]:
    """Each exercise with the file to grade."""
    if not targets and not everything:
        raise UsageError("name an exercise or a file, or use --all; `grade list` shows the names.")
    if file is not None and len(targets) != 1:
        raise UsageError("--file goes with exactly one exercise.")
    names = [each.slug for each in course.exercises] if everything else list(targets)
    for name in names:
        looks_like_file = name.endswith(workspace.SUFFIXES) or os.sep in name
        if looks_like_file and not everything:
            yield catalogue.exercise_of(course, Path(name)), Path(name)
            continue
        exercise = catalogue.find(course, name)
        yield exercise, _file_of(exercise, file, reference)


def _file_of(exercise: Exercise, file: Path | None, reference: bool) -> Path:
    if reference:
        return exercise.reference
    if file:
        return file
    if home := workspace.find():
        return home.file_of(exercise)
    beside = Path(exercise.slug + exercise.stub.suffix)
    return beside if beside.exists() else exercise.stub


def _print_one(verdict: Verdict, count: int, verbose: bool) -> None:
    from rich.console import Console

    from grader import report

    console = Console(soft_wrap=False)
    with no_workflow_commands():
        report.print_verdict(verdict, console, verbose=verbose)
    if count > 1:
        console.print()


def _finish(verdicts: list[Verdict], as_json: bool) -> None:
    from grader import report

    if as_json:
        click.echo(report.as_json(verdicts))
    elif len(verdicts) > 1:
        from rich.console import Console

        report.print_summary(verdicts, Console())


@click.command()
@click.argument("out", type=click.Path(path_type=Path), required=False, metavar="[OUT]")
@output_option
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A class: who is who in the gradebook (CSV).",
)
@json_option
@course_option
def report(
    out: Path | None,
    outputs: tuple[Output, ...],
    roster: Path | None,
    as_json: bool,
    folder: Path | None,
) -> None:
    """Report on the whole course: your latest attempt at each exercise, by default as report.html.

    With OUT, a folder of `grade bulk`, on a class: a file for each learner, or one for all where
    the format is for a class; by default its summary anew.

    \b
    Examples:
        grade report
        grade report -o canvas:grades.csv -o report.md
        grade report autumn-results -o junit.xml -o feedback/report.html
        grade report autumn-results -o canvas:grades.csv --roster gradebook.csv
    """
    from grader import report as views
    from grader.ledger import Ledger

    _, course = load_course(folder)
    if out:
        from grader.cli.marks import report_class

        report_class(out, outputs, roster, course, as_json)
        return
    if roster:
        raise UsageError("--roster is about a class; name its folder of results before it.")
    ledger = Ledger(state_folder())
    latest = ledger.latest() if ledger.folder.exists() else {}
    rows = [latest[each.slug] for each in course.exercises if each.slug in latest]
    verdicts = [ledger.read(row.path) for row in rows]
    if not verdicts:
        raise UsageError("nothing has been graded here yet; grade an exercise first.")
    if as_json:
        click.echo(views.as_json(verdicts))
    elif not outputs:
        outputs = (Output("html", Path("report.html")),)
    home = workspace.find()
    files = [(each, home.place(each)) for each in course.exercises] if home else []
    write(outputs, verdicts, course, whole=True, files=files)
