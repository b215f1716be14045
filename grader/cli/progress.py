"""One line in the terminal that is written over while something is graded."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from grader.lending import Progress

BAR = 20


class ProgressLine:
    """The check that runs, or a training's bar and loss; nothing where it is no terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live = console.is_terminal and not console.is_dumb_terminal
        self._text = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.erase()

    def show(self, progress: Progress) -> None:
        """Write it over what stood there before."""
        text = _words(progress)[: self.console.width - 1]
        if self.live and text != self._text:
            self._text = text
            self._write(f"\r\x1b[K{text}")

    def erase(self) -> None:
        """Leave no trace of it."""
        if self._text:
            self._text = ""
            self._write("\r\x1b[K")

    def forget(self) -> None:
        """The line is gone already: the screen was cleared."""
        self._text = ""

    def _write(self, text: str) -> None:
        self.console.file.write(text)
        self.console.file.flush()


def _words(progress: Progress) -> str:
    if not progress.total:
        return f"... {progress.claim or 'starting'}"
    loss = f"  loss {progress.loss:.3f}" if progress.loss is not None else ""
    return f"{bar(progress.done, progress.total)} {progress.done}/{progress.total}{loss}"


def bar(done: int, total: int) -> str:
    """How much of something is done, as a row of signs."""
    full = BAR * done // total
    return f"[{'#' * full}{'.' * (BAR - full)}]"
