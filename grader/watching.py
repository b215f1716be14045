"""Grade at every save: the files are polled, the box stays warm, the newest save wins.

Theory of operation. The main thread polls files and keys every POLL_S; one other thread grades.
A save while something is graded stops that grading, because its verdict is about a text that is
no more. Polling a few hundred names costs a few milliseconds and works where file events do not:
network folders, containers, editors that write a new file and rename it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from grader import engine, folder, workspace
from grader.box import Box
from grader.ledger import Ledger
from grader.lending import Progress
from grader.model import Course, Exercise, GraderFault, Isolation, UsageError, Verdict
from grader.warm import box_of
from grader.workspace import Workspace

POLL_S = 0.04
PATIENCE_S = 0.5
"""For a check to end by itself, which keeps the box warm."""
Signature = tuple[int, int, int]


class Files:
    """Which of the exercises' files were saved since the last look."""

    def __init__(self, course: Course, home: Workspace) -> None:
        self._places = {path: each for each in course.exercises for path in home.places(each)}
        self._seen = self._look()
        self._settling: dict[Path, Signature] = {}

    def saved(self) -> tuple[Exercise, Path] | None:
        """The file saved last, once two looks agree that its writer has finished."""
        now = self._look()
        changed = {path: now[path] for path in now if now[path] != self._seen.get(path)}
        settled = [path for path in changed if self._settling.get(path) == changed[path]]
        self._settling = changed
        self._seen = {p: s for p, s in self._seen.items() if p in now}  # deleted: new when back
        if not settled:
            return None
        self._seen |= {path: now[path] for path in settled}
        newest = max(settled, key=lambda path: now[path][0])
        return self._places[newest], newest

    def _look(self) -> dict[Path, Signature]:
        found = {}
        for path in self._places:
            with suppress(OSError):
                found[path] = _signature(path)
        return found


def _signature(path: Path) -> Signature:
    """Of a file, or of all that is in a folder."""
    inside = [*folder.paths(path)] if path.is_dir() else []
    stats = [each.stat() for each in inside or [path]]
    newest = max(stat.st_mtime_ns for stat in stats)
    return newest, sum(stat.st_size for stat in stats), sum(stat.st_ino for stat in stats)


class Grading:
    """One grading in a thread of its own."""

    def __init__(self, grade: Callable[[Callable[[Progress], None]], Verdict]) -> None:
        self.progress = Progress("")
        self.so_far: Verdict | None = None
        self.verdict: Verdict | None = None
        self.error: UsageError | GraderFault | None = None
        self._unwanted = False
        self._grade = grade
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def stop(self, box: Box | None) -> bool:
        """End it; there will be no verdict. Tells whether the box had to be ended as well."""
        self._unwanted = True
        self._thread.join(PATIENCE_S)
        if self.done or box is None:
            return False
        box.interrupt()
        self._thread.join()
        return True

    def _run(self) -> None:
        try:
            self.verdict = self._grade(self._tell)
        except KeyboardInterrupt:  # our own, from _tell or from the box
            pass
        except (UsageError, GraderFault) as error:
            self.error = error
        except Exception as error:
            self.error = GraderFault(f"{type(error).__name__}: {error}.")

    def _tell(self, progress: Progress) -> None:
        if self._unwanted:
            raise KeyboardInterrupt
        self.progress = progress
        if progress.so_far:
            self.so_far = progress.so_far()


class Watch:
    """What stays warm between two saves: the course, the box, the ledger."""

    def __init__(self, course: Course, home: Workspace, isolation: Isolation, learner: str) -> None:
        self.course, self.home = course, home
        self.isolation, self.learner = isolation, learner
        self.ledger = Ledger(home.state)
        self.files = Files(course, home)
        self.exercise: Exercise | None = None
        self._box: Box | None = None
        self._grading: Grading | None = None

    def turn_to(self, exercise: Exercise) -> None:
        """Make this the exercise at hand, and warm a box for it."""
        if self.exercise and self.exercise.slug == exercise.slug:
            return
        self.close()
        self.exercise = exercise
        self._warm_up()

    def _warm_up(self) -> None:
        exercise = self.exercise
        if exercise and exercise.is_run:
            self._box = box_of(exercise, self.isolation)
            self._box.__enter__()

    def grade(self, path: Path) -> None:
        """Begin to grade the exercise at hand; what was being graded is stopped."""
        if self._stop() and self._box:
            self._box.__exit__()
            self._warm_up()
        exercise, box = self.exercise, self._box
        assert exercise is not None

        def graded(tell: Callable[[Progress], None]) -> Verdict:
            submission = workspace.read(exercise, path)
            return engine.grade(
                exercise, submission, self.isolation, learner=self.learner, box=box, progress=tell
            )

        self._grading = Grading(graded)

    @property
    def progress(self) -> Progress | None:
        """Of what is being graded, if anything is."""
        return self._grading.progress if self._grading and not self._grading.done else None

    def first_failure(self) -> Verdict | None:
        """What is known when the first check has failed; given once, while the others run."""
        if self._grading is None or self._grading.done:
            return None
        verdict, self._grading.so_far = self._grading.so_far, None
        return verdict

    def result(self) -> Verdict | None:
        """The verdict that has just come, recorded; each is given once.

        Raises: UsageError, GraderFault that grading or recording ended in.
        """
        if self._grading is None or not self._grading.done:
            return None
        grading, self._grading = self._grading, None
        if grading.error:
            raise grading.error
        if grading.verdict:
            self.ledger.record(grading.verdict)
        return grading.verdict

    def next(self) -> Exercise | None:
        """The first unfinished exercise behind the one at hand, else the first of all."""
        todo = workspace.unfinished(self.course, self.ledger)
        order = [each.slug for each in self.course.exercises]
        here = order.index(self.exercise.slug) if self.exercise else -1
        behind = [each for each in todo if order.index(each.slug) > here]
        left = [each for each in todo if order.index(each.slug) != here]
        return next(iter(behind or left), None)

    def close(self) -> None:
        """Stop what runs and close the box."""
        self._stop()
        if self._box:
            self._box.__exit__()
        self._box, self.exercise = None, None

    def _stop(self) -> bool:
        grading, self._grading = self._grading, None
        return grading is not None and grading.stop(self._box)
