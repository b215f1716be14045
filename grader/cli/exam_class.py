"""`grade exam`: a class and its tickets, and practice without a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import catalogue
from grader.cli.common import course_option
from grader.cli.exam import passphrase
from grader.model import Refused, UsageError

if TYPE_CHECKING:
    from grader.exam.ticket import Level


@click.command()
@click.argument("name", metavar="EXAM")
@click.option("--roster", type=click.Path(path_type=Path), required=True, metavar="CSV")
@click.option("--level", type=click.Choice(["server", "lab", "own"]), default="server")
@click.option("-o", "target", type=click.Path(path_type=Path), required=True, metavar="DIR")
@course_option
def new(name: str, roster: Path, level: Level, target: Path, folder: Path | None) -> None:
    """Make a class: the exam as it is now, keys for results, secrets for each learner.

    The roster has the columns learner, factor (1.5 for half as much time again) and minutes
    (more for each part); the last two may be missing.

    \b
    Example:
        grade exam new exit-1 --roster class.csv --level lab -o autumn
    """
    from grader.exam import classroom, papers

    room = classroom.create(target, papers.find(catalogue.find_root(folder), name), roster, level)
    click.echo(f"{target.name}: {room.exam.exam}, level {level}, {len(room.learners)} learners.")
    click.echo(f"Keep {target.name}/ to yourself: it holds the keys. public.pem is for everybody.")
    click.echo(f"Next: grade exam ticket {target} --all")


@click.command()
@click.argument("made", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("learners", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="A ticket for each learner of the class.")
@course_option
def ticket(made: Path, learners: Sequence[str], everyone: bool, folder: Path | None) -> None:
    """Write LEARNER.ticket here, sealed by a passphrase that you choose.

    \b
    Examples:
        grade exam ticket autumn ada
        grade exam ticket autumn --all
    """
    from grader.exam import papers, ticket
    from grader.exam.classroom import Classroom

    room = Classroom(made)
    if not (chosen := room.learners if everyone else learners):
        raise UsageError("name a learner, or use --all.")
    for learner in chosen:
        room.candidate(learner)
        if Path(f"{learner}.ticket").exists():
            raise Refused(f"{learner}.ticket is here already; remove it for a new one.")
    source = papers.find(catalogue.find_root(folder), room.header.exam)
    secret = passphrase(twice=True)
    for learner in chosen:
        content = ticket.seal(room.ticket(learner, source), secret)
        with Path(f"{learner}.ticket").open("xb") as file:
            file.write(content)
        click.echo(f"wrote {learner}.ticket")
    click.echo("Next: hand out the tickets; the passphrase only when the exam begins.")


@click.command()
@click.argument("name", required=False, metavar="[EXAM]")
@click.option("--minutes", type=click.IntRange(1, 600), default=10, show_default=True)
@course_option
def mock(name: str | None, minutes: int, folder: Path | None) -> None:
    """Make a short sitting of an exam for practice, here and at once; it does not count.

    \b
    Example:
        grade exam mock exit-1 --minutes 10
    """
    from grader.exam import papers, place

    source = papers.find(catalogue.find_root(folder), name)
    place.free(Path.cwd(), source.name, papers.PRACTICE)
    click.echo("Making the papers ...")
    made = place.start(papers.practice(source, minutes), Path.cwd())
    click.echo(f"{minutes} minutes for all parts; nothing runs yet, and nothing counts.")
    first = made.sitting().state.parts[0].name
    click.echo(f"Next: cd {made.folder.name}, then: grade exam open {first}")


COMMANDS = (new, ticket, mock)
