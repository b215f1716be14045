"""The command `grade`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
def main() -> None:
    """Grade deep learning exercises."""


@main.group()
def author() -> None:
    """Write and prove exercises."""


@author.command()
@click.argument("slugs", nargs=-1)
@click.option("--all", "everything", is_flag=True)
def check(slugs: tuple[str, ...], everything: bool) -> None:
    from grader import authoring, box, catalogue

    course = catalogue.load(catalogue.find_root())
    chosen = course.exercises if everything else [catalogue.find(course, s) for s in slugs]
    isolation = box.isolation()
    bad = 0
    for exercise in chosen:
        for proof in authoring.prove(exercise, isolation):
            bad += bool(proof.problem)
            mark = "FAIL" if proof.problem else "ok  "
            click.echo(f"{mark} {proof.exercise}: {proof.what} {proof.problem}")
    sys.exit(1 if bad else 0)


@main.command()
@click.argument("slug")
@click.option("--file", type=click.Path(path_type=Path))
def run(slug: str, file: Path | None) -> None:
    from grader import box, catalogue, engine

    course = catalogue.load(catalogue.find_root())
    exercise = catalogue.find(course, slug)
    verdict = engine.grade(
        exercise, catalogue.read_submission(file or exercise.stub), box.isolation()
    )
    for o in verdict.outcomes:
        click.echo(
            f"{o.status.value:10} {o.check} {o.message} {o.mistakes} {o.counterexample or ''} {o.cpu_s} cpu {o.peak_mb} MB {o.printed}"
        )
        for m in o.measures:
            click.echo(f"     {m}")
    click.echo(f"{verdict.passed} {verdict.score} {verdict.exit_code}")
    sys.exit(verdict.exit_code)
