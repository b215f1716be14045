"""The command `grade`: each command reads its arguments, calls a few functions, prints, exits."""

from __future__ import annotations

import errno
import logging
import os
import resource
import sys
import traceback

import click
from click.shell_completion import CompletionItem

from grader import __version__, workspace
from grader.cli import bulk, exam_board, exam_class, exam_marks, exam_staff, marks
from grader.cli.author import author
from grader.cli.autograder import autograder
from grader.cli.common import complete_slug, state_folder
from grader.cli.course import hint, lines, list_, show
from grader.cli.exam import exam
from grader.cli.grading import report, run
from grader.cli.learning import init, reset, solution, status
from grader.cli.machine import data, doctor
from grader.cli.watch import watch
from grader.model import GraderFault, Refused, UsageError

DESCRIPTORS = 256
"""Open files that a submission may have, which is more than we need."""
CURES = {
    errno.EMFILE: "Raise the limit of open files (`ulimit -n 1024`)",
    errno.ENFILE: "End other programs",
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space",
    errno.EROFS: "Make the folder writable",
    errno.ENOMEM: "End other programs, or raise the limit of memory (`ulimit -v`)",
    errno.EAGAIN: "End other programs, or raise the limit of processes (`ulimit -u`)",
}
"""What the user can do about what the system refuses."""

EXIT_USAGE, EXIT_FAULT, EXIT_REFUSED, EXIT_INTERRUPTED = 2, 3, 4, 130


class DefaultsToRun(click.Group):
    """`grade SLUG` is short for `grade run SLUG`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((each for each in args if not each.startswith("-")), "")
        alone = {"-h", "--help", "--version"} & set(args[:1])
        if not args and not ctx.resilient_parsing and workspace.find():
            args = ["run"]
        elif args and not alone and first not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and the exercises that may stand in a command's place."""
        found = [CompletionItem(slug) for slug in complete_slug(ctx, None, incomplete)]
        return super().shell_complete(ctx, incomplete) + found


@click.group(cls=DefaultsToRun, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grade")
def cli() -> None:
    """Grade deep-learning exercises: the submission runs in a box, only values leave it.

    \b
    Examples:
        grade init work                a folder with a file for each exercise
        grade                          there: grade what comes next
        grade watch                    there: grade at every save
        grade list                     what there is to do
        grade show sdpa_masks          the task
        grade sdpa_masks               grade your file
        grade doctor                   is this machine fit?
        grade bulk autumn              grade what a class handed in
    Exit codes: 0 passed, 1 not passed, 2 wrong usage, 3 grader fault, 4 refused by a rule
    of the exam, 130 interrupted.
    """


for command in (
    *(init, run, watch, list_, show, hint, solution, status, reset),
    *(report, lines, doctor, data, author, exam),
    *(*bulk.COMMANDS, *marks.COMMANDS),
):
    cli.add_command(command)
for command in (
    *(*exam_class.COMMANDS, *exam_staff.COMMANDS),
    *(*exam_board.COMMANDS, *exam_marks.COMMANDS),
):
    exam.add_command(command)
author.add_command(autograder)


def main() -> None:
    """Run the command line; wrong usage, our faults and interruptions end in one sentence each."""
    logging.basicConfig(level=logging.WARNING, format="grade: %(message)s")
    try:
        _allow_descriptors()
        cli(prog_name="grade", standalone_mode=False, auto_envvar_prefix="GRADER")
    except click.exceptions.NoArgsIsHelpError as error:
        _end(error.ctx.get_help() if error.ctx else "", EXIT_USAGE)
    except (click.ClickException, UsageError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        _end(f"Error: {text}", EXIT_USAGE)
    except GraderFault as error:
        _end(f"Grader fault: {error}", EXIT_FAULT)
    except Refused as error:
        _end(f"Refused: {error}", EXIT_REFUSED)
    except (KeyboardInterrupt, click.Abort):
        sys.unraisablehook = lambda _: None  # generators of pytest that it broke off complain
        _end("Interrupted.", EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_USAGE)
    except Exception as error:
        _end(f"Grader fault: {_explained(error)}", EXIT_FAULT)


def _allow_descriptors() -> None:
    """Raise the soft limit to what a box needs. Raises: GraderFault if the hard one is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < DESCRIPTORS:  # -1 is unlimited
        raise GraderFault(
            f"only {hard} files may be open at once, {DESCRIPTORS} are needed; raise the limit"
            f" (`ulimit -n {DESCRIPTORS}`) and grade again."
        )
    if 0 <= soft < DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))


def _explained(error: Exception) -> str:
    """What was refused, and what to do about it."""
    number = error.errno if isinstance(error, OSError) else 0
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    if str(error) == "can't start new thread":
        number = errno.EAGAIN
    if number in CURES:
        return f"{os.strerror(number)}. {CURES[number]}, and grade again."
    first = str(error).split("\n", 1)[0]
    what = getattr(error, "strerror", None) or f"{type(error).__name__}: {first}"
    return f"{what}.{_keep_traceback()}"


def _end(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)


def _keep_traceback() -> str:
    """Save the traceback where whoever reports the fault finds it."""
    try:
        path = state_folder() / "fault.log"
        path.parent.mkdir(exist_ok=True)
        path.write_text(traceback.format_exc(), "utf-8")
    except (OSError, UsageError):
        return " Run `grade doctor` to see whether this machine is fit."
    return " Please report it with the file .grader/fault.log."
