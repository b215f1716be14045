"""`grade exam`: what staff do with a sitting that runs."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from grader.cli.exam import yes_option
from grader.model import GraderFault, Refused, UsageError

if TYPE_CHECKING:
    from grader.sitting import Sitting

UNITS = {"s": 1, "m": 60, "h": 3600}
sitting_argument = click.argument("path", type=click.Path(path_type=Path), metavar="SITTING")
reason_option = click.option("--reason", required=True, help="The candidate can read it.")


def staff_name() -> str:
    """GRADER_STAFF, else the user's name on this machine."""
    try:
        return os.environ.get("GRADER_STAFF") or getpass.getuser()
    except (OSError, KeyError):
        return ""


by_option = click.option("--by", default=staff_name, help="Who decides; else GRADER_STAFF or you.")


def signed(command: Callable[..., Any]) -> Callable[..., Any]:
    """A decision of staff: who, and why."""
    return by_option(reason_option(command))


class Grant(NamedTuple):
    """So much time, for a part of one sitting."""

    path: Path
    part: str
    seconds: int


@click.command()
@click.argument("words", nargs=-1, metavar="[SITTING] PART TIME")
@click.option("--all", "folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="FILE")
@signed
def extend(
    words: tuple[str, ...], folder: Path | None, table: Path | None, by: str, reason: str
) -> None:
    """Give more time for a part that is not closed: to one, to all below DIR, or by a table.

    The table has the columns sitting, part and time.

    \b
    Examples:
        grade exam extend exit-1-ada build 10m --reason "fire alarm"
        grade exam extend --all desks build 10m --reason "fire alarm"
        grade exam extend --csv extra.csv --reason "network was down"
    """
    given = _grants(words, folder, table)
    _each(given, lambda one, grant: one.extend(grant.part, grant.seconds, by, reason))


def _grants(words: tuple[str, ...], folder: Path | None, table: Path | None) -> list[Grant]:
    from grader import documents

    if table and not words and not folder:
        columns = ("sitting", "part", "time")
        rows = [row for _, row in documents.table(table, columns)]
        return [Grant(table.parent / r["sitting"], r["part"], seconds(r["time"])) for r in rows]
    if folder and len(words) == 2 and not table:
        return [Grant(path, words[0], seconds(words[1])) for path in sittings(folder)]
    if len(words) == 3 and not folder and not table:
        return [Grant(Path(words[0]), words[1], seconds(words[2]))]
    raise UsageError("say SITTING PART TIME, or --all DIR PART TIME, or --csv FILE.")


def _each(given: Sequence[Grant], grant_one: Callable[[Sitting, Grant], None]) -> None:
    """Give time to each, whatever happens to the others; exit code 4 where one was refused."""
    from grader.exam.timeline import clock_text

    refused = 0
    for grant in given:
        try:
            with closing(opened(grant.path)) as sitting:
                grant_one(sitting, grant)
                left = sitting.state.part(grant.part).remaining_ns(sitting.tick())
                who = sitting.state.learner
            click.echo(f"{who}: {grant.part} +{grant.seconds} s, {clock_text(left)} left")
        except (Refused, GraderFault, UsageError) as error:
            if len(given) == 1:
                raise
            refused += 1
            click.echo(f"{grant.path.name}: {error}", err=True)
    if refused:
        raise Refused(f"{refused} of {len(given)} were not changed; see above.")


@click.command()
@sitting_argument
@signed
def pause(path: Path, by: str, reason: str) -> None:
    """Stop the time of the open part.

    \b
    Example:
        grade exam pause exit-1-ada --reason "fire alarm"
    """
    with closing(opened(path)) as sitting:
        part = _active(sitting)
        sitting.pause(part, by, reason)
        click.echo(f"{sitting.state.learner}: {part} is paused.")


@click.command()
@sitting_argument
@signed
def resume(path: Path, by: str, reason: str) -> None:
    """Let the time of a paused part go on.

    \b
    Example:
        grade exam resume exit-1-ada --reason "all are back"
    """
    with closing(opened(path)) as sitting:
        part = _active(sitting)
        sitting.resume(part, by, reason)
        click.echo(f"{sitting.state.learner}: {part} goes on.")


@click.command()
@sitting_argument
@click.argument("part")
@click.argument("time")
@signed
def reopen(path: Path, part: str, time: str, by: str, reason: str) -> None:
    """Open a closed part again for TIME from now; the candidate then runs `grade exam status`.

    \b
    Example:
        grade exam reopen exit-1-ada build 10m --reason "submitted by mistake"
    """
    given = Grant(path, part, seconds(time))
    _each([given], lambda one, grant: one.reopen(grant.part, grant.seconds, by, reason))


@click.command()
@sitting_argument
@signed
def end(path: Path, by: str, reason: str) -> None:
    """Finish a sitting, whatever is open or was not opened yet.

    \b
    Example:
        grade exam end exit-1-ada --reason "unwell, went home"
    """
    with closing(opened(path)) as sitting:
        sitting.end(by, reason)
        click.echo(f"{sitting.state.learner}: the sitting is finished.")


@click.command()
@sitting_argument
@signed
def void(path: Path, by: str, reason: str) -> None:
    """Declare a sitting void.

    \b
    Example:
        grade exam void exit-1-ada --reason "began with the ticket of somebody else"
    """
    with closing(opened(path)) as sitting:
        sitting.void(by, reason)
        click.echo(f"{sitting.state.learner}: the sitting is void.")


@click.command()
@sitting_argument
@click.option("--gap", type=click.IntRange(1), required=True, help="Number of an outage in `log`.")
@click.option("--reason", help="Else: the outage.")
@by_option
@yes_option
def credit(path: Path, gap: int, reason: str | None, by: str, yes: bool) -> None:
    """Give the time of an outage back, as an extension of its part.

    \b
    Example:
        grade exam credit exit-1-ada --gap 1
    """
    from grader.exam import timeline
    from grader.exam.place import Place
    from grader.sitting import Log

    with closing(Log(Place.of(path).log)) as log:
        found = timeline.outages(timeline.moments(log))
    if gap > len(found):
        raise UsageError(f"there is no outage {gap}, there are {len(found)}; see `grade exam log`.")
    outage = found[gap - 1]
    length = -(-outage.ns // 10**9)
    if not yes:
        click.confirm(f"Give {length} s for {outage.part}, the length of outage {gap}?", abort=True)
    why = reason or f"outage {gap} of {length} s"
    given = Grant(path, outage.part, length)
    _each([given], lambda one, grant: one.extend(grant.part, grant.seconds, by, why))


@click.command()
@sitting_argument
@click.argument("code")
@click.option("--class", "folder", type=click.Path(path_type=Path), help="Keep it there too.")
@by_option
def anchor(path: Path, code: str, folder: Path | None, by: str) -> None:
    """Note the CODE that a candidate's screen shows: it fixes all that happened before it.

    \b
    Example:
        grade exam anchor exit-1-ada 1a2b3c4d --class autumn
    """
    from grader.exam.classroom import Classroom

    room = Classroom(folder) if folder else None
    with closing(opened(path)) as sitting:
        noted = sitting.note(code.strip().lower(), by)
        learner = sitting.state.learner
    if room:
        room.candidate(learner)
        room.note(learner, noted.seq, noted.code)
    click.echo(f"{learner}: event {noted.seq} has the code {noted.code}.")


def opened(path: Path) -> Sitting:
    """The sitting that staff name. Raises: UsageError, GraderFault."""
    from grader.exam.place import Place

    return Place.of(path).sitting()


def sittings(folder: Path) -> Iterator[Path]:
    """The candidates' folders in a folder, or the folder itself. Raises: UsageError."""
    from grader.exam.place import LOG, STATE

    held = [folder, *sorted(folder.iterdir())] if folder.is_dir() else []
    found = [each for each in held if (each / STATE / LOG).is_file()]
    if not found:
        raise UsageError(f"{folder.name} holds no sitting; name the folder of the candidates'.")
    yield from found


def seconds(text: str) -> int:
    """`90s`, `10m` or `1h` in seconds. Raises: UsageError."""
    if match := re.fullmatch(r"([0-9]{1,5})([smh])", text.strip()):
        return int(match[1]) * UNITS[match[2]]
    raise UsageError(f"`{text}` is no time; write 90s, 10m or 1h.")


def _active(sitting: Sitting) -> str:
    sitting.tick()
    if part := sitting.state.active:
        return part.name
    raise Refused(f"No part of {sitting.state.learner} is open; see `grade exam log`.")


COMMANDS = (extend, pause, resume, reopen, end, void, credit, anchor)
