"""Commands that read the course and grade nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import catalogue, workspace
from grader.cli.common import (
    course_option,
    learner_name,
    load_course,
    slug_argument,
    state_folder,
)
from grader.model import Course, Exercise, UsageError

if TYPE_CHECKING:
    from grader.ledger import Row


@click.command("list")
@course_option
def list_(folder: Path | None) -> None:
    """List the exercises in course order, with your best result.

    \b
    Example:
        grade list
    """
    from grader.ledger import Ledger

    _, course = load_course(folder)
    state = state_folder()
    best = Ledger(state).best() if state.exists() else {}
    for line in listing(course, best):
        click.echo(line)


def listing(course: Course, best: dict[str, Row]) -> Iterator[str]:
    """A line for each unit and exercise, with the best result."""
    for unit in course.units:
        members = [each for each in course.exercises if each.unit == unit.slug]
        if not members:
            continue
        yield unit.title
        for each in members:
            row = best.get(each.slug)
            mark = "passed" if row and row.passed else "tried" if row else ""
            score = f"{row.score:g}/" if row else ""
            yield f"  {each.slug:<18}{score + str(each.points):>9} pt  {mark:<7} {each.title}"


@click.command()
@slug_argument
@course_option
def show(slug: str, folder: Path | None) -> None:
    """Show the task of an exercise, with your own numbers where it has some; or a unit's page.

    \b
    Examples:
        grade show sdpa_masks
        grade show attention       what the unit's exercises need to know
    """
    root, course = load_course(folder)
    page = root / "exercises" / slug / "README.md"
    if slug in {unit.slug for unit in course.units} and page.exists():
        _print_page(page)
        return
    exercise = catalogue.find(course, slug)
    _print_page(exercise.folder / "README.md")
    if exercise.personal:
        from grader import personal

        seed = personal.personal_seed(exercise, learner_name())
        click.echo(f"\nThe questions of {learner_name()}:\n")
        for item, question in personal.questions(exercise, seed).items():
            click.echo(f"{item}  {question}\n")
    if home := workspace.find():
        file = home.file_of(exercise).relative_to(home.folder)
        click.echo(f"Edit {file}, then: grade {slug}")
    else:
        click.echo(f"Copy {exercise.stub.name}, edit it, then: grade {slug} --file YOUR_FILE")


def _print_page(path: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    page = catalogue.read_submission(path).content.decode("utf-8")
    Console().print(Markdown(page), width=80)


@click.command()
@slug_argument
@click.option(
    "-n", "--step", type=click.IntRange(1, 3), help="Else the next one you have not read."
)
@course_option
def hint(slug: str, step: int | None, folder: Path | None) -> None:
    """Show one of three hints; each says more than the one before.

    \b
    Examples:
        grade hint sdpa_masks          the next one
        grade hint sdpa_masks -n 1     the first one again
    """
    exercise = catalogue.find(load_course(folder)[1], slug)
    step, of, text = read_hint(exercise, workspace.find(), step)
    click.echo(f"Hint {step} of {of}\n\n{text}")
    if step < of:
        click.echo(f"\nThe next one: grade hint {slug} -n {step + 1}")


def read_hint(
    exercise: Exercise, home: workspace.Workspace | None, step: int | None = None
) -> tuple[int, int, str]:
    """A hint, else the next one: its number, how many there are, and its text; it is remembered.

    Raises: UsageError where there are none.
    """
    steps = catalogue.hints(exercise)
    if not steps:
        raise UsageError(f"{exercise.slug} has no hints here; they are not part of this kit.")
    read = home.hints_read(exercise) if home else 0
    step = min(step or read + 1, len(steps))
    if home:
        home.remember_hint(exercise, step)
    return step, len(steps), steps[step - 1]


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
def lines(path: Path) -> None:
    """Show the canonical lines of FILE with the cost of each, and its tokens.

    \b
    A line costs ceil(length / 88); imports, docstrings, comments and indentation are free.
    Example:
        grade lines gpt50.py
    """
    from grader import rules

    try:
        source = catalogue.read_submission(path).content.decode("utf-8-sig")
        table, total = rules.canonical(source), rules.cost(source)
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8; save it as UTF-8.") from None
    except rules.Unreadable as error:
        raise UsageError(f"{path.name}: {error}.") from None
    for line in table:
        click.echo(f"{line.cost or '':>3}  {line.text}")
    click.echo(f"\n{total.lines} lines, {total.tokens} tokens")
