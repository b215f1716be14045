"""`-o [FORMAT:]FILE`: reports as files, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from grader import wholefile
from grader.model import Course, Exercise, UsageError, Verdict

if TYPE_CHECKING:
    from grader.report.cells import People


class Output(NamedTuple):
    """A report that is asked for."""

    format: str
    path: Path


class OutputType(click.ParamType):  # type: ignore[type-arg]  # generic only in newer ones
    """`FORMAT:FILE`, or a file whose suffix names the format."""

    name = "output"

    def convert(self, value: Any, param: Any, ctx: Any) -> Output:
        """Refuse an unknown format before anything is graded."""
        if isinstance(value, Output):
            return value
        from grader.report import FORMATS, SUFFIXES

        known = ", ".join(FORMATS)
        name, colon, file = value.partition(":")
        if colon and os.sep not in name:
            if name not in FORMATS or not file:
                self.fail(f"`{value}` is not FORMAT:FILE; formats: {known}.")
            return Output(name, Path(file))
        path = Path(value)
        if path.suffix.lower() not in SUFFIXES:
            self.fail(f"`{path.name}` does not say its format; write FORMAT:FILE, one of {known}.")
        return Output(SUFFIXES[path.suffix.lower()], path)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Formats, and files."""
        from grader.report import FORMATS

        names = [f"{name}:" for name in FORMATS if name.startswith(incomplete)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


output_option = click.option(
    "-o",
    "--output",
    "outputs",
    type=OutputType(),
    metavar="[FORMAT:]FILE",
    multiple=True,
    help="Also write a report, in the format that the suffix names: .html .json .xml (junit) .md"
    " .csv. Other formats: github, annotations, gradescope, classroom, exercism, canvas, moodle,"
    " nbgrader, lti. May be repeated.",
)


def write(
    outputs: Iterable[Output],
    verdicts: list[Verdict],
    course: Course,
    *,
    whole: bool = False,
    files: Iterable[tuple[Exercise, Path]] = (),
    people: People | None = None,
) -> None:
    """Write every report. A reporter that crashes is a warning: it changes no grade.

    Args:
        whole  the HTML page is about the whole course, what was not tried included
        files  the graded files, for annotations
        people  who the learners are in the gradebooks that others read
    Raises: UsageError, after all of them, if a file cannot be written.
    """
    failed: UsageError | None = None
    for output in outputs:
        try:
            text = _text(output.format, verdicts, course, whole, files, people or {})
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".split("\n", 1)[0]
            click.echo(
                f"Warning: {output.path} was not written: the {output.format} report failed"
                f" ({reason}). The result above holds; please report this.",
                err=True,
            )
            continue
        try:
            replace(output.path, text.encode())
            click.echo(f"Report: {output.path}", err=True)
        except UsageError as error:
            failed = failed or error
    if failed:
        raise failed


def _text(
    name: str,
    verdicts: list[Verdict],
    course: Course,
    whole: bool,
    files: Iterable[tuple[Exercise, Path]],
    people: People,
) -> str:
    from grader import report

    if name == "html":
        return report.as_html(verdicts, course.title, course if whole else None)
    if name == "annotations":
        return report.as_annotations(verdicts, places(files))
    if report.FORMATS[name].of == "gradebook":
        return report.FORMATS[name].write(verdicts, people)
    return report.FORMATS[name].write(verdicts)


def places(files: Iterable[tuple[Exercise, Path]]) -> Mapping[str, str]:
    """Where files lie, seen from this folder; those outside of it are left out."""
    here = Path.cwd()
    found = ((exercise.slug, path.absolute()) for exercise, path in files)
    return {
        slug: path.relative_to(here).as_posix() for slug, path in found if path.is_relative_to(here)
    }


def replace(path: Path, content: bytes) -> None:
    """Put a file there at once, so that nobody ever reads half of it.

    Raises: UsageError if it cannot be written.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise UsageError(f"{path.name} is no regular file; name a file to write.")
    try:
        wholefile.replace(target, content)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be written: {error.strerror}.") from None


@contextmanager
def no_workflow_commands() -> Iterator[None]:
    """GitHub's runner obeys nothing that is printed meanwhile: it may be the submission's text.

    Source: Stopping and starting workflow commands, in GitHub's documentation.
    """
    token = secrets.token_hex(16) if os.environ.get("GITHUB_ACTIONS") == "true" else ""
    if token:
        click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        if token:
            click.echo(f"::{token}::")
