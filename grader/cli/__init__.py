"""The command `grade`: each command reads its arguments, calls a few functions, prints, exits."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import click

from grader import __version__
from grader.cli.author import author
from grader.cli.course import hint, lines, list_, show
from grader.cli.grading import report, run
from grader.cli.machine import data, doctor
from grader.model import GraderFault, UsageError

EXIT_USAGE, EXIT_FAULT, EXIT_INTERRUPTED = 2, 3, 130


class DefaultsToRun(click.Group):
    """`grade SLUG` is short for `grade run SLUG`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((each for each in args if not each.startswith("-")), "")
        alone = {"-h", "--help", "--version"} & set(args[:1])
        if args and not alone and first not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=DefaultsToRun, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grade")
def cli() -> None:
    """Grade deep-learning exercises: the submission runs in a box, only values leave it.

    \b
    Examples:
        grade list                     what there is to do
        grade show sdpa_masks          the task
        grade sdpa_masks               grade your file
        grade doctor                   is this machine fit?
    Exit codes: 0 passed, 1 not passed, 2 wrong usage, 3 grader fault, 130 interrupted.
    """


for command in (run, list_, show, hint, lines, report, doctor, data, author):
    cli.add_command(command)


def main() -> None:
    """Run the command line; wrong usage, our faults and interruptions end in one sentence each."""
    logging.basicConfig(level=logging.WARNING, format="grade: %(message)s")
    try:
        cli(prog_name="grade", standalone_mode=False, auto_envvar_prefix="GRADER")
    except click.exceptions.NoArgsIsHelpError as error:
        _end(error.ctx.get_help() if error.ctx else "", EXIT_USAGE)
    except (click.ClickException, UsageError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        _end(f"Error: {text}", EXIT_USAGE)
    except GraderFault as error:
        _end(f"Grader fault: {error}", EXIT_FAULT)
    except (KeyboardInterrupt, click.Abort):
        _end("Interrupted.", EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_USAGE)
    except OSError as error:
        _end(f"Grader fault: {error.strerror or error}.{_keep_traceback()}", EXIT_FAULT)
    except Exception as error:
        _end(f"Grader fault: {type(error).__name__}: {error}.{_keep_traceback()}", EXIT_FAULT)


def _end(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)


def _keep_traceback() -> str:
    """Save the traceback where whoever reports the fault finds it."""
    path = Path(".grader") / "fault.log"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(traceback.format_exc(), "utf-8")
    except OSError:
        return ""
    return " Please report it with the file .grader/fault.log."
