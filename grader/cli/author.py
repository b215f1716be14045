"""Commands for whoever writes exercises."""

from __future__ import annotations

from pathlib import Path

import click

from grader import catalogue
from grader.cli.common import complete_slug, course_option, load_course
from grader.model import Course, Exercise, UsageError


@click.group()
def author() -> None:
    """Write exercises, and prove that their checks are right."""


@author.command()
@click.argument("slugs", nargs=-1, shell_complete=complete_slug)
@click.option("--all", "everything", is_flag=True, help="Every exercise of the course.")
@course_option
def check(slugs: tuple[str, ...], everything: bool, folder: Path | None) -> None:
    """Prove exercises: right answers pass, wrong ones fail at the check that they name.

    \b
    Examples:
        grade author check sdpa_masks
        grade author check exams/exit-1/build      a part of an exam, by its folder
        grade author check --all
    """
    from grader import authoring, box

    root, course = load_course(folder)
    if not slugs and not everything:
        raise UsageError("name an exercise, or use --all.")
    chosen = course.exercises if everything else [_named(root, course, slug) for slug in slugs]
    isolation, bad = box.isolation(), 0
    for exercise in chosen:
        for proof in authoring.prove(exercise, isolation):
            bad += bool(proof.problem)
            mark = f"FAIL  {proof.exercise}: {proof.what}: {proof.problem}"
            click.echo(mark if proof.problem else f"ok    {proof.exercise}: {proof.what}")
    click.echo(f"{len(chosen)} exercises, {bad} problems")
    raise SystemExit(1 if bad else 0)


def _named(root: Path, course: Course, name: str) -> Exercise:
    """An exercise by its name, or one outside the course by its folder, with `/` in it."""
    if "/" not in name:
        return catalogue.find(course, name)
    return catalogue.read_exercise(root / name, root / "solutions" / name)


@author.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR")
@course_option
def kit(target: Path, folder: Path | None) -> None:
    """Write the learners' kit: the course without its hidden half.

    \b
    Example:
        grade author kit ../course-kit
    """
    from grader import authoring

    root, _ = load_course(folder)
    count = authoring.kit(root, target)
    click.echo(f"{count} files written; nothing of solutions/ is among them.")
    click.echo(f"Learners run: grade init work --course {target}")


@author.command()
@click.argument("place", metavar="UNIT/SLUG")
@course_option
def new(place: str, folder: Path | None) -> None:
    """Write both halves of a new exercise from a template that proves itself.

    \b
    Example:
        grade author new attention/positions
    """
    from grader import authoring

    unit, _, slug = place.partition("/")
    root, course = load_course(folder)
    if unit not in {each.slug for each in course.units} or not slug:
        known = ", ".join(each.slug for each in course.units)
        raise UsageError(f"`{place}` is not UNIT/SLUG with a unit of course.yaml: {known}.")
    for path in authoring.new(root, unit, slug):
        click.echo(f"wrote {path.relative_to(root)}")
    click.echo(f"Next: edit them, then `grade author check {slug}`.")
