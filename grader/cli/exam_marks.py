"""`grade exam`: the marks of a class, and what staff decide about them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import catalogue
from grader.cli.common import course_option, refuse_unsandboxed
from grader.cli.exam_staff import by_option, signed
from grader.model import Level, UsageError

if TYPE_CHECKING:
    from grader.exam.result import Result
    from grader.similar import Pair
    from grader.sitting import Sitting

class_argument = click.argument("place", type=click.Path(path_type=Path), metavar="CLASS")
learner_argument = click.argument("learner")
part_argument = click.argument("part")


@click.command()
@class_argument
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path), metavar="[BUNDLE|DIR]...")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, help="How many at once.")
@click.option("--again", is_flag=True, help="Also what was graded before.")
@click.option("--sandbox", type=click.Choice(["strict", "container", "basic"]))
@click.option("--allow-unsandboxed", is_flag=True, help="Grade even where nothing is isolated.")
@course_option
def grade(
    place: Path,
    sources: tuple[Path, ...],
    jobs: int,
    again: bool,
    sandbox: str | None,
    allow_unsandboxed: bool,
    folder: Path | None,
) -> None:
    """Grade the bundles of a class, or the candidates' folders; else those in CLASS/bundles.

    Killed and run again, it goes on with those that are left.

    \b
    Examples:
        grade exam grade autumn -j 2
        grade exam grade autumn ada.bundle --again
    """
    from grader.exam import grading
    from grader.exam.classroom import Classroom

    room = Classroom(place)
    chosen = [path for each in sources or [place / "bundles"] for path in grading.sources(each)]
    if len(chosen) > 1:
        flags = ["--again"] * again + ["--allow-unsandboxed"] * allow_unsandboxed
        flags += ["--sandbox", sandbox] if sandbox else []
        flags += ["--course", str(folder)] if folder else []
        raise SystemExit(_each(place, chosen, jobs, flags))

    from rich.console import Console

    from grader import box
    from grader.cli.progress import ProgressLine
    from grader.exam import papers

    isolation = box.isolation(Level(sandbox) if sandbox else None)
    refuse_unsandboxed(isolation.level, allow_unsandboxed)
    source = papers.find(catalogue.find_root(folder), room.header.exam)
    with ProgressLine(Console(stderr=True)) as line:
        found, fresh = grading.grade(
            room, chosen[0], source, isolation, again=again, progress=line.show
        )
    click.echo(row(found) + ("" if fresh else "  (graded before)"))


def _each(place: Path, chosen: Sequence[Path], jobs: int, flags: list[str]) -> int:
    """Grade each in a process of its own; the worst exit code."""
    command = [sys.executable, "-P", "-m", "grader", "exam", "grade", str(place)]

    def one(source: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, str(source), *flags], capture_output=True, text=True)

    worst = 0
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(one, source): source for source in chosen}
        for n, future in enumerate(as_completed(running), 1):
            done = future.result()
            told = (done.stdout or done.stderr).strip() or "it ended without a word"
            source = running[future]
            name = source.name if source.suffix == ".bundle" else source.parent.parent.name
            click.echo(f"[{n}/{len(chosen)}] {name}: {told}")
            worst = max(worst, done.returncode)
    return worst


@click.command()
@class_argument
@learner_argument
@part_argument
@click.option("--score", type=float, required=True, help="Points of the part.")
@signed
def override(place: Path, learner: str, part: str, score: float, by: str, reason: str) -> None:
    """Put your points in place of the grader's; both are shown, with your name and reason.

    \b
    Example:
        grade exam override autumn ada articulate --score 17 --reason "names the chain rule"
    """
    _decide(place, learner, lambda one: one.override(part, score, by, reason))


@click.command()
@class_argument
@learner_argument
@part_argument
@by_option
def confirm(place: Path, learner: str, part: str, by: str) -> None:
    """Let the provisional points of a part stand: you have read it.

    \b
    Example:
        grade exam confirm autumn ada articulate
    """
    _decide(place, learner, lambda one: one.confirm(part, by))


@click.command()
@class_argument
@learner_argument
@click.option("--confirm", "confirmed", is_flag=True, help="Confirm provisional points as well.")
@by_option
def release(place: Path, learner: str, confirmed: bool, by: str) -> None:
    """Let a result be handed out; one with unconfirmed points says so.

    \b
    Example:
        grade exam release autumn ada --confirm
    """

    def decision(one: Sitting) -> None:
        for part in one.state.parts:
            if confirmed and part.provisional:
                one.confirm(part.name, by)
        one.release(by)

    _decide(place, learner, decision)
    click.echo(f"Hand out: {place.name}/results/{learner}.json and {learner}.html")


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path), metavar="BUNDLE|DIR...")
@click.option("--least", type=click.FloatRange(0, 1), default=0.4, help="Share that is told.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Page with both texts.")
def similar(sources: tuple[Path, ...], least: float, output: Path | None) -> None:
    """List essays that share runs of words, for a person to read; it decides nothing.

    \b
    Example:
        grade exam similar autumn/bundles -o similar.html
    """
    from grader.exam import grading
    from grader.exam.similar import pairs

    if not sources:
        raise UsageError("name the folder that holds the bundles.")
    chosen = [path for each in sources for path in grading.sources(each)]
    found = pairs(chosen, least)
    tell_pairs(found, output, "Essays")
    click.echo(f"{len(chosen)} sittings, {len(found)} pairs alike by {least:.0%} or more.")


def tell_pairs(found: list[Pair], output: Path | None, title: str) -> None:
    """A line for each pair, and a page with both texts. Raises: UsageError."""
    from grader.cli.output import replace
    from grader.similar import MOST, page

    for one, other, alike in found[:MOST]:
        click.echo(f"{alike.share:4.0%}  {one.task}  {one.learner}  {other.learner}")
    if output:
        replace(output, page(title, found).encode())
        click.echo(f"Side by side: {os.path.relpath(output)}", err=True)


def _decide(place: Path, learner: str, decision: Callable[[Sitting], None]) -> None:
    from grader.exam import grading
    from grader.exam.classroom import Classroom

    click.echo(row(grading.decide(Classroom(place), learner, decision)))


def row(found: Result) -> str:
    """A result in one line."""
    parts = ", ".join(
        f"{each.name} {each.score:g}/{each.points}{'?' * each.provisional}" for each in found.parts
    )
    word = "passed" if found.passed else "not passed"
    more = ", provisional" * found.provisional + ", released" * found.released
    return f"{found.learner}: {found.score:g}/{found.points}, {word}{more} ({parts})"


COMMANDS = (grade, override, confirm, release, similar)
