"""`grade watch`: the screen and the keys; what stays warm is grader.watching's."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from grader import catalogue
from grader.cli.common import (
    complete_slug,
    course_option,
    learner_name,
    load_course,
    need_workspace,
    task_of,
)
from grader.cli.progress import ProgressLine
from grader.model import Exercise, GraderFault, Level, UsageError, Verdict

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from grader.lending import Progress
    from grader.watching import Watch

KEYS = {"n": "next", "h": "hint", "l": "list", "r": "run", "s": "solution", "q": "quit"}
ESCAPES = re.compile(r"\x1b(\[[\d;]*.|.)?")
"""What arrow keys and the like send."""


@click.command()
@click.argument("slug", required=False, shell_complete=complete_slug)
@click.option("--sandbox", type=click.Choice(["strict", "container", "basic"]))
@course_option
def watch(slug: str | None, sandbox: str | None, folder: Path | None) -> None:
    """Grade an exercise at every save; the file saved last is the exercise at hand.

    \b
    Keys: n next, h hint, l list, r run again, s solution after a pass, q quit.
    Example:
        grade watch
    """
    from grader import box
    from grader.watching import Watch

    home, (_, course) = need_workspace(), load_course(folder)
    isolation = box.isolation(Level(sandbox) if sandbox else None)
    watched = Watch(course, home, isolation, learner_name())
    first = catalogue.find(course, slug) if slug else watched.next() or course.exercises[0]
    home.file_of(first)
    with Screen() as screen, _closing(watched):
        Session(watched, screen).run(first)


class Session:
    """What happens at a key, a save and a verdict."""

    def __init__(self, watched: Watch, screen: Screen) -> None:
        self.watched, self.screen = watched, screen
        self.verdict: Verdict | None = None

    def run(self, first: Exercise) -> None:
        self.turn_to(first)
        while (key := self.screen.key()) != "q":
            if saved := self.watched.files.saved():
                exercise, path = saved
                self.watched.turn_to(exercise)
                self.watched.grade(path)
            if key in KEYS:
                self.press(key)
            if early := self.watched.first_failure():
                self.screen.verdict(early, "the other checks are still running ...", brief=True)
            self.screen.progress(self.watched.progress)
            self.settle()

    def turn_to(self, exercise: Exercise) -> None:
        """Show the task; grade the file, unless nobody has begun it."""
        from grader import workspace

        self.watched.turn_to(exercise)
        self.verdict = None
        self.screen.show(task_of(exercise, self.watched.home), self.status())
        path = self.watched.home.file_of(exercise)
        with self.screen.errors():
            if not workspace.is_untouched(exercise, workspace.read(exercise, path)):
                self.watched.grade(path)

    def settle(self) -> None:
        with self.screen.errors():
            if verdict := self.watched.result():
                self.verdict = verdict
                self.screen.verdict(verdict, self.status())

    def press(self, key: str) -> None:
        exercise = self.watched.exercise
        assert exercise is not None
        with self.screen.errors():
            match key:
                case "n":
                    following = self.watched.next()
                    if following is None:
                        raise UsageError("every exercise is passed; `grade status` shows them all.")
                    self.turn_to(following)
                case "r":
                    self.watched.grade(self.watched.home.file_of(exercise))
                case "h":
                    self.screen.show(self.hint(exercise), self.status())
                case "l":
                    self.screen.show(self.list(), self.status())
                case "s":
                    self.screen.show(self.solution(exercise), self.status())

    def hint(self, exercise: Exercise) -> RenderableType:
        from rich.markdown import Markdown

        from grader.cli.course import read_hint

        step, of, text = read_hint(exercise, self.watched.home)
        return Markdown(f"**Hint {step} of {of}**\n\n{text}")

    def list(self) -> str:
        from grader.cli.course import listing

        return "\n".join(listing(self.watched.course, self.watched.ledger.best()))

    def solution(self, exercise: Exercise) -> RenderableType:
        from grader.cli.learning import side_by_side

        return side_by_side(exercise, self.watched.home, self.watched.ledger)

    def status(self) -> str:
        exercise, passed = self.watched.exercise, self.verdict and self.verdict.passed
        assert exercise is not None
        name = self.watched.home.file_of(exercise).relative_to(self.watched.home.folder)
        keys = [f"{k} {word}" for k, word in KEYS.items() if k != "s" or passed]
        return f"watching {name}   " + "  ".join(keys)


class Screen:
    """The terminal: drawn anew for each view, restored at the end; plain lines where it is none."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console: Console = Console(soft_wrap=False)
        self._input = sys.stdin if sys.stdin and sys.stdin.isatty() and _can_read_keys() else None
        self._redraw: tuple[Any, str] | None = None
        self._line = ProgressLine(self.console)
        self.live = self._line.live

    def __enter__(self) -> Screen:
        if self._input:
            import termios
            import tty

            self._before = termios.tcgetattr(self._input)
            tty.setcbreak(self._input)
        if self.live and hasattr(signal, "SIGWINCH"):
            self._old = signal.signal(signal.SIGWINCH, lambda *_: self._draw())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._input:
            import termios

            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        if self.live and hasattr(signal, "SIGWINCH"):
            signal.signal(signal.SIGWINCH, self._old)
        self._line.erase()

    def key(self) -> str:
        """A key, or nothing after a short wait; `q` when the terminal is gone."""
        from grader.watching import POLL_S

        if self._input is None:
            time.sleep(POLL_S)
            return ""
        ready, _, _ = select.select([self._input], [], [], POLL_S)
        if not ready:
            return ""
        try:
            pressed = os.read(self._input.fileno(), 64).decode(errors="replace")
        except OSError:
            return "q"
        if not pressed:
            return "q"
        letters = ESCAPES.sub("", pressed).lower()
        return next((letter for letter in letters if letter in KEYS), "")

    def show(self, view: RenderableType, status: str) -> None:
        self._redraw = (lambda console: view), status
        self._draw()

    def verdict(self, verdict: Verdict, status: str, *, brief: bool = False) -> None:
        from grader import report

        if brief and not self.live:
            return  # lines that were printed cannot be drawn anew

        def view(console: Console) -> RenderableType:
            room = console.height - 3 if self.live else None
            return report.on_screen(verdict, console, room, brief=brief)

        self._redraw = view, status
        self._draw()

    def progress(self, progress: Progress | None) -> None:
        if progress:
            self._line.show(progress)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """A sentence in place of a verdict; watching goes on."""
        from rich.text import Text

        try:
            yield
        except UsageError as error:
            self.show(Text(f"Error: {error}"), "save again, or q to quit")
        except GraderFault as error:
            self.show(Text(f"Grader fault: {error}"), "save again, or q to quit")

    def _draw(self) -> None:
        if self._redraw is None:
            return
        view, status = self._redraw
        self._line.forget()
        if self.live:
            self.console.clear()
        width = min(80, self.console.width)
        self.console.print(view(self.console), width=width, highlight=False)
        if self._input:
            self.console.print(
                f"\n{status[: self.console.width - 1]}", markup=False, highlight=False
            )


def _can_read_keys() -> bool:
    try:
        import termios  # noqa: F401 - Windows has none
    except ImportError:
        return False
    return True


@contextmanager
def _closing(watched: Watch) -> Iterator[None]:
    try:
        yield
    finally:
        watched.close()
