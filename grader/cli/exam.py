"""`grade exam`: what a candidate does in a sitting; what staff do is in `exam_staff`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.model import GraderFault, Refused, UsageError

if TYPE_CHECKING:
    from grader.exam.place import Place
    from grader.sitting import Sitting

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group()
def exam() -> None:
    """Sit an exam, and give one: tickets, sittings, extra time, the board.

    \b
    A candidate:   start, open, status, watch, save, lines, run, submit, next
    Staff:         new, ticket, board, log, extend, pause, resume, reopen, credit, end, ...
    To practise:   mock
    """


@exam.command()
@click.argument("ticket", type=click.Path(path_type=Path))
def start(ticket: Path) -> None:
    """Make the folder of your exam from a ticket; no time starts yet.

    \b
    Example:
        grade exam start ada.ticket
    """
    from grader.exam import place
    from grader.exam.ticket import read, unseal

    read(ticket)  # a wrong file is told before anybody types
    found = unseal(ticket, passphrase())
    made = place.start(found, Path.cwd())
    minutes = sum(part.seconds for part in found.exam.parts) // 60
    click.echo(f"{found.learner}, {found.exam.exam}: {len(found.exam.parts)} parts, ", nl=False)
    click.echo(f"{minutes} minutes without extra time. Nothing runs yet.")
    click.echo(f"Next: cd {made.folder.name}, then: grade exam open {found.exam.parts[0].name}")


@exam.command()
def status() -> None:
    """Show the time left, the last save, the lines used, and what comes next.

    \b
    Example:
        grade exam status
    """
    from grader.cli import exam_view
    from grader.exam import keeper

    with at_the_desk() as (place, sitting):
        for line in exam_view.status(place, sitting, keeper.report(place).error):
            click.echo(line)


@exam.command("open")
@click.argument("part")
@yes_option
def open_(part: str, yes: bool) -> None:
    """Start the time of PART, and get its paper. Once more: put missing files of it back.

    \b
    Example:
        grade exam open build
    """
    with at_the_desk() as (place, sitting):
        begin(place, sitting, part, yes)


def begin(place: Place, sitting: Sitting, part: str, yes: bool) -> None:
    """Open a part, unless it is open, and put its paper into the folder."""
    from grader.exam import keeper

    paper = place.paper(part) if sitting.state.part(part) else {}
    if not (sitting.state.active and sitting.state.active.name == part):
        sitting.require("open", part=part)
        seconds = round(sitting.state.part(part).budget_ns / 1e9)
        if not yes:
            click.confirm(f"{seconds} s start now and do not stop. Open {part}?", abort=True)
        code = sitting.open(part)
        click.echo(f"{part} is open, {seconds} s. Code for the proctor: {code.seq} {code.code}")
    kept = place.lay_out(paper)
    if new := sorted(set(paper) - set(kept)):
        click.echo(f"Its paper: {', '.join(new)}")
    if kept:
        click.echo(f"There already, and left as they are: {', '.join(sorted(kept))}")
    keeper.ensure(place)
    click.echo("Your files are saved by themselves. A countdown: grade exam watch")


@exam.command()
def save() -> None:
    """Save the files of the open part now.

    \b
    Example:
        grade exam save
    """
    with at_the_desk() as (_, sitting):
        part = active(sitting)
        snapshot, found = sitting.snapshot(part), sitting.state.part(part)
        if not found.snapshots:
            raise Refused(f"Nothing was saved: there is no {' or '.join(found.files)} yet.")
        seq = found.snapshots[-1].seq
        click.echo(f"saved (#{seq})" if snapshot else f"nothing has changed since #{seq}")


@exam.command()
@click.argument("item")
def run(item: str) -> None:
    """Train the script of ITEM as it is now, on the simulated device: a row for each step.

    \b
    Example:
        grade exam run item1
    """
    from grader import box, catalogue
    from grader.cli import exam_view

    with at_the_desk() as (place, sitting):
        active(sitting)
        bank = catalogue.find_root() / "exams" / "bank"
        if not bank.is_dir():
            raise UsageError("no scripts can be run: the course here has no exams/bank/.")
        from grader.exam import diagnosis

        for row in diagnosis.run_item(bank, place.folder, item, box.isolation()):
            click.echo(exam_view.step(row))


@exam.command()
def lines() -> None:
    """Show what every line of the open part's file costs.

    \b
    Example:
        grade exam lines
    """
    from grader.cli import exam_view

    with at_the_desk() as (place, sitting):
        for line in exam_view.lines(place, sitting.state.part(active(sitting))):
            click.echo(line)


@exam.command()
@click.argument("part")
@yes_option
def submit(part: str, yes: bool) -> None:
    """Close PART before its time is over; what is saved then counts.

    \b
    Example:
        grade exam submit build
    """
    from grader.exam.timeline import clock_text as clock

    with at_the_desk() as (place, sitting):
        now, found = sitting.tick(), sitting.state.part(part)
        if found.status != "open":
            raise Refused(f"Part {part} is {found.status}; only an open part can be submitted.")
        if not yes:
            left = clock(found.remaining_ns(now))
            click.confirm(f"{left} are left; a submitted part stays closed. Submit?", abort=True)
        code = sitting.submit(part)
        click.echo(f"{part} is submitted. Code for the proctor: {code.seq} {code.code}")
        go_on(place, sitting)


@exam.command("next")
@yes_option
def next_(yes: bool) -> None:
    """Open the part that comes next; after the last one, hand in.

    \b
    Example:
        grade exam next
    """
    with at_the_desk() as (place, sitting):
        locked = [part.name for part in sitting.state.parts if part.status == "locked"]
        if locked and sitting.state.status in ("ready", "running"):
            begin(place, sitting, locked[0], yes)
        else:
            go_on(place, sitting)


@exam.command()
@click.option("--bell", is_flag=True, help="Ring at 15, 5 and 1 minutes.")
def watch(bell: bool) -> None:
    """Show a countdown and the last save; Ctrl-C ends the watch, and saving goes on.

    \b
    Example:
        grade exam watch --bell
    """
    from grader.cli import exam_view

    with at_the_desk() as (place, sitting):
        active(sitting)
        try:
            exam_view.watch(place, sitting, bell)
        except KeyboardInterrupt:
            click.echo("\nThe watch has ended; saving goes on by itself.")
            return
        over = next((p.name for p in reversed(sitting.state.parts) if p.status == "closed"), "")
        click.echo(f"{over} is over; what was saved last counts. Next: grade exam next")


def go_on(place: Place, sitting: Sitting) -> None:
    """Say what comes next; where nothing does, hand in."""
    from grader.exam.timeline import clock_text as clock
    from grader.sitting import bundle

    for part in sitting.state.parts:
        if part.status == "locked" and sitting.state.status in ("ready", "running"):
            click.echo(f"Next: grade exam next    ({part.name}, {clock(part.budget_ns)})")
            return
    if sitting.state.status != "finished":
        sitting.next()
    if sitting.state.level == "mock":
        feedback(place, sitting.state.exam)
        return
    path = place.bundle(sitting.state)
    if not path.exists():
        bundle.write(sitting.log, path)
    click.echo(f"The exam is over. {path.name} in {place.folder.name}/ holds all of it:")
    click.echo("hand that file in as you were told, and keep the folder until you have a result.")


def feedback(place: Place, exam: str) -> None:
    """Grade a mock sitting, and show all of it."""
    from rich.console import Console

    from grader import box, catalogue, report
    from grader.cli.exam_marks import row
    from grader.cli.progress import ProgressLine
    from grader.exam import grading, papers

    source = papers.find(catalogue.find_root(), exam)
    click.echo("The mock exam is over; it is graded now, which takes a few minutes.")
    with ProgressLine(Console(stderr=True)) as line:
        found, verdicts, page = grading.practise(place, source, box.isolation(), line.show)
    for verdict in verdicts.values():
        report.print_verdict(verdict, Console(), verbose=True)
    click.echo(f"\n{row(found)}\nThe whole of it: {page.name}")


def active(sitting: Sitting) -> str:
    """The part that is open or paused. Raises: Refused where none is."""
    sitting.tick()
    if part := sitting.state.active:
        return part.name
    raise Refused("No part is open; see what comes next: `grade exam status`.")


@contextmanager
def at_the_desk() -> Iterator[tuple[Place, Sitting]]:
    """The place around this folder and its sitting; a keeper runs where a part is open."""
    from grader.exam import keeper
    from grader.exam.place import Place

    place = Place.find(Path.cwd())
    with closing(place.sitting()) as sitting:
        try:
            if sitting.state.active and keeper.ensure(place):
                click.echo("Saving had stopped, and goes on now.", err=True)
        except GraderFault as fault:
            click.secho(f"NOT SAVED by itself: {fault}", fg="red", err=True)
        yield place, sitting


def passphrase(*, twice: bool = False) -> str:
    """From the terminal, or GRADER_EXAM_PASSPHRASE."""
    from grader.exam.keeper import PASSPHRASE

    if given := os.environ.get(PASSPHRASE):
        return given
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
