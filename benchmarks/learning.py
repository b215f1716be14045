"""From a save to its verdict, and from `grade init` to the first one."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader import box, catalogue, workspace
from grader.watching import POLL_S, Watch

SAVES = 10


def saves(root: Path, slug: str) -> float:
    """Median seconds from a save to its verdict in `grade watch`, right and wrong in turns."""
    course = catalogue.load(root)
    exercise = catalogue.find(course, slug)
    right = (exercise.solution / "reference.py").read_text("utf-8")
    wrong = catalogue.mistakes(exercise)[0].path.read_text("utf-8")
    with tempfile.TemporaryDirectory() as place:
        workspace.init(Path(place), root, course)
        watch = Watch(course, workspace.Workspace(Path(place)), box.isolation(), "bench")
        try:
            watch.turn_to(exercise)
            file = watch.home.file_of(exercise)
            taken = [_save(watch, file, text) for text in [right, wrong] * (SAVES // 2 + 1)]
        finally:
            watch.close()
    return statistics.median(taken[2:])  # the box and pytest were cold in the first two


def _save(watch: Watch, file: Path, text: str) -> float:
    """As the loop of `grade watch` does it, its polling included."""
    file.write_text(text, "utf-8")
    began = time.perf_counter()
    while True:
        if saved := watch.files.saved():
            watch.grade(saved[1])
        if watch.result():
            return time.perf_counter() - began
        time.sleep(POLL_S)


@contextmanager
def new_workspace(root: Path) -> Iterator[Path]:
    """A folder made by `grade init`."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "grader", "init", "work", "--course", str(root)]
        subprocess.run(command, cwd=place, capture_output=True, check=True)
        yield Path(place, "work")
