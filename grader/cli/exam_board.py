"""`grade exam`: looking at sittings without touching them: log, verify, board."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.model import GraderFault, Refused, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from grader.exam.timeline import Standing

EXIT_REFUSED = 4
REFRESH_S = 5
LATE_NS = 45 * 10**9
"""Three beats that did not come are shown in red."""


@click.command("log")
@click.argument("path", type=click.Path(path_type=Path), metavar="[SITTING]", default=".")
def log_(path: Path) -> None:
    """Show what happened in a sitting: a time line, outages with their numbers, flags.

    \b
    Examples:
        grade exam log                 your own, in its folder
        grade exam log exit-1-ada
        grade exam log ada.bundle
    """
    from grader.exam import evidence, timeline
    from grader.exam.place import Place

    if path == Path():
        path = Place.find(Path.cwd()).folder
    with evidence.opened(path) as log:
        for line in timeline.lines(timeline.moments(log)):
            click.echo(line)


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--key", "key", type=click.Path(path_type=Path), help="The first key of its log.")
@click.option("--class", "folder", type=click.Path(path_type=Path), help="The class that it is of.")
def verify(path: Path, key: Path | None, folder: Path | None) -> None:
    """Check a bundle or a sitting: is it the log that was written, whole, and by its class?

    A result, LEARNER.json, is checked against the class's public.pem, which --key names too.

    \b
    Examples:
        grade exam verify ada.json --key public.pem
        grade exam verify ada.bundle --class autumn
        grade exam verify exit-1-ada/.sitting/sitting.db
    """
    from grader.exam import evidence, timeline
    from grader.exam.classroom import Classroom

    room, name = Classroom(folder) if folder else None, path.resolve().name
    if path.suffix == ".json":
        _verify_result(path, key or (room.folder / "public.pem" if room else None))
        return
    with evidence.opened(path) as log:
        found = evidence.examine(log, room, evidence.read_key(key) if key else None)
    for problem in found.problems:
        click.echo(problem)
    if found.told:
        last = found.told[-1].state
        saves = sum(len(part.snapshots) for part in last.parts)
        click.echo(f"{last.learner}, {last.exam}, {last.status}: {last.seq} events, {saves} saves")
    for line in timeline.decisions(found.told):
        click.echo(f"in the name of staff, compare with your notes: {line}")
    if not (key or folder):
        click.echo("Without --class or --key a log that was written anew is not seen.")
    if found.problems:
        click.echo(f"{name} is NOT sound: {len(found.problems)} findings; keep it as it is.")
        raise SystemExit(EXIT_REFUSED)
    click.echo(f"{name} is sound; {found.codes} noted codes compared.")


def _verify_result(path: Path, public: Path | None) -> None:
    from grader.cli.exam_marks import row
    from grader.exam import signing

    if public is None:
        raise UsageError("name the class's public.pem: `--key public.pem`, or --class DIR.")
    click.echo(row(signing.verify(path, public)))
    click.echo(f"{path.name} is what the class signed.")


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR..."
)
@click.option("--once", is_flag=True, help="Print it and end.")
def board(folders: Sequence[Path], once: bool) -> None:
    """Show all sittings below DIR: time left, last sign of life, last save, code, flags.

    \b
    Example:
        grade exam board desks
    """
    from rich.console import Console
    from rich.live import Live

    if once or not sys.stdout.isatty():
        Console().print(table(rows(folders)))
        return
    with suppress(KeyboardInterrupt), Live(table(rows(folders)), screen=True) as live:
        while True:
            time.sleep(REFRESH_S)
            live.update(table(rows(folders)), refresh=True)


def rows(folders: Sequence[Path]) -> Iterator[Standing]:
    """How each sitting stands; nothing is written to any."""
    from grader.cli.exam_staff import sittings
    from grader.exam import timeline
    from grader.exam.place import Place
    from grader.sitting import Log, SystemClock

    clock = SystemClock()
    for folder in folders:
        for path in sittings(folder):
            try:
                with closing(Log(Place(path).log)) as log:
                    yield timeline.standing(log, clock)
            except (Refused, GraderFault) as error:
                yield timeline.unreadable(path.name, error)


def table(standings: Iterator[Standing]) -> Table:
    """The board; words beside every colour."""
    from rich.table import Table
    from rich.text import Text

    from grader.exam.timeline import clock_text

    def cell(ns: int | None, late: int | None = None) -> Text:
        red = ns is not None and late is not None and ns > late
        return Text("" if ns is None else clock_text(ns) + (" !" if red else ""), "red" * red)

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("name", "part", "left", "beat", "save", "code", "given", "flags"):
        shown.add_column(name, overflow="fold")
    for each in standings:
        part = f"{each.part.name}" if each.part else each.status
        part += " PAUSED" if each.part and each.part.status == "paused" else ""
        late = LATE_NS if each.part else None
        given = f"+{each.given_s} s" if each.given_s else ""
        shown.add_row(
            *(each.learner, part, cell(each.left_ns), cell(each.beat_ns, late)),
            *(cell(each.save_ns), each.code, given, Text(", ".join(each.flags), "yellow")),
        )
    return shown


COMMANDS = (log_, verify, board)
