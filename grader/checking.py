"""Run checks: pytest with one plugin, which lends the submission and keeps the outcomes."""

from __future__ import annotations

import functools
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase

from grader import mistakes, session
from grader.answers import Answers
from grader.box import Box
from grader.catalogue import Mistake
from grader.counterexample import counterexample
from grader.folder import Folder
from grader.judging import judge
from grader.lending import Draft, NotApplicable, Progress, Record, lent, to_nobody
from grader.model import Exercise, GraderFault, Limits, Outcome, Status, UsageError, Verdict
from grader.model import Submission as Source
from grader.personal import inside, questions
from grader.proxy import Submission, SubmissionEnded, SubmissionError

EXAMPLES = 30
SLOW_CPU_S = 2.0
FINE = (Status.PASSED, Status.SKIPPED, Status.NOT_APPLICABLE, Status.GRADER_FAULT)
"""What is not held against the submission."""
NAMED = (Status.FAILED, Status.ERROR)
GRADING = hypothesis.settings(
    database=None,
    deadline=None,
    derandomize=False,
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


class EndedInFixtureError(Exception):
    """A SubmissionEnded while a fixture was made, for which pytest needs an Exception."""

    def __init__(self, ended: SubmissionEnded) -> None:
        super().__init__(str(ended))
        self.ended = ended


class Checking:
    """The pytest plugin: one instance grades one submission by one exercise's checks."""

    def __init__(
        self,
        exercise: Exercise,
        source: Source,
        box: Box | None,
        *,
        seed: int,
        examples: int = 1,
        naming: bool = True,
    ) -> None:
        self._naming = naming
        self.exercise, self.source, self.box = exercise, source, box
        self.seed_of_run, self._examples = seed, examples
        self.text = source.content.decode("utf-8-sig", errors="replace")
        self.outcomes: list[Outcome] = []
        self.unloadable = ""
        self.progress: Callable[[Progress], None] = to_nobody
        self.so_far: Callable[[], Verdict] | None = None
        """Told of once, with the progress, when the first check has failed."""
        self._claim = self._program = ""
        self.only = ""
        self.interrupted = False
        self.fault: GraderFault | None = None
        self.draft: Draft | None = None
        self._suspects: list[Mistake] = []
        self._judged: dict[int, tuple[BaseException, tuple[Status, str]]] = {}
        self._open_now: Submission | None = None

    def run(self, files: list[Path], only: str = "") -> None:
        """Run check files, or one check of them, with all its parameters.

        Raises: KeyboardInterrupt if the user interrupted; GraderFault if the box or pytest failed.
        """
        self.only = only
        try:
            session.run(self.exercise.folder.parents[2], files, [self, self._lent()])
        finally:
            if self.fault:
                raise self.fault
            if self.interrupted:
                raise KeyboardInterrupt

    @contextmanager
    def open(self, limits: Limits | None = None, file: str = "") -> Iterator[Any]:
        """The submission, loaded in a fresh process of the box; or what it says, if it is data.

        Args: file, of a folder the program to load.
        """
        name, text = self.source.name, self.text
        if self.exercise.is_folder:
            folder = Folder(self.source)
            if not file:
                yield folder
                return
            name, text = file, folder.text(file)
            self._program = file
        if self.box is None:
            answers = Answers(self.source)
            if self.draft:
                self.draft.answers = answers
            yield answers
            return
        with self.box.run(limits or self.exercise.limits, inside(self.seed_of_run)) as run:
            if self.draft:
                self.draft.runs.append(run)
            self._open_now = Submission(run, name, text)
            yield self._open_now

    @contextmanager
    def fresh(self, limits: Limits | None = None, file: str = "") -> Iterator[Any]:
        """The same for a fixture."""
        try:
            with self.open(limits, file) as submission:
                yield submission
        except SubmissionEnded as ended:
            raise EndedInFixtureError(ended) from None

    def load(self) -> None:
        """The first outcome: whether the file can be loaded at all."""
        draft = Draft()
        self.draft = draft
        try:
            with self.open():
                pass
        except (SubmissionError, SubmissionEnded, UsageError) as error:
            draft.error = error
        self.draft = None
        claim = f"The {'folder' if self.exercise.is_folder else 'file'} can be loaded."
        outcome = self._finish(draft, "load", claim, weight=0)
        if outcome.status is not Status.PASSED:
            self.unloadable = "the file could not be loaded"
        self._keep(outcome)

    def _keep(self, outcome: Outcome) -> None:
        """Note an outcome, and tell of the first failure at once."""
        self.outcomes.append(outcome)
        if outcome.status not in FINE and self.so_far:
            self.progress(Progress(self._claim, so_far=self.so_far))
            self.so_far = None

    def _lent(self) -> types.ModuleType:
        return lent(
            fresh=self.fresh,
            record=Record(lambda: self.draft, self._step),
            seed=self.seed_of_run,
            questions=questions(self.exercise, self.seed_of_run),
            models=self.box.places if self.box else {},
            device=self.box.isolation.device if self.box else "cpu",
        )

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.only:
            items[:] = [item for item in items if item.name.split("[")[0] == self.only]
        for item in items:
            check = getattr(item, "obj", None)
            if hasattr(check, "hypothesis"):
                self._prepare(check)

    def _prepare(self, check: Any) -> None:
        """Explicit seed, no database, and a new trace for each example."""
        applied = getattr(check, "_hypothesis_internal_settings_applied", False)
        base = check._hypothesis_internal_use_settings.max_examples if applied else EXAMPLES
        check._hypothesis_internal_use_settings = hypothesis.settings(
            GRADING, max_examples=base * self._examples
        )
        hypothesis.seed(self.seed_of_run)(check)
        inner = check.hypothesis.inner_test

        @functools.wraps(inner)
        def example(*args: Any, **kwargs: Any) -> Any:
            if self._open_now:
                self._open_now.begin()
            return inner(*args, **kwargs)

        check.hypothesis.inner_test = example

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        check = item.obj  # type: ignore[attr-defined]
        claim = " ".join((check.__doc__ or item.name).split())
        if hasattr(item, "callspec"):
            claim = claim.format_map(_Plain(item.callspec.params))
        self._claim = claim
        self.progress(Progress(claim))
        self.draft, self._open_now = Draft(), None
        result = yield
        draft, self.draft = self.draft, None
        try:
            if isinstance(draft.error, GraderFault):
                raise draft.error
            weight = getattr(check, "weight", 0 if item.path.name == "examples.py" else 1)
            merit = getattr(check, "merit", False)
            self._keep(self._finish(draft, item.name, claim, weight=weight, merit=merit))
        except GraderFault as fault:
            self.fault = fault  # no outcome of this run can be trusted any more
            item.session.shouldstop = str(fault)
        return result

    def _step(self, done: int, total: int, loss: float) -> None:
        self.progress(Progress(self._claim, done, total, loss))

    def pytest_runtest_setup(self) -> None:
        if self.unloadable:
            pytest.skip(self.unloadable)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
        report = yield
        ours = call.excinfo is not None and isinstance(call.excinfo.value, GraderFault)
        if call.excinfo and self.draft and (self.draft.error is None or ours):
            self.draft.error = call.excinfo.value
            self.draft.skipped = str(call.excinfo.value) if report.skipped else ""
            if self._open_now:
                self.draft.trace = self._open_now.trace
        return report

    def pytest_keyboard_interrupt(self) -> None:
        self.interrupted = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            last = report.longreprtext.strip().splitlines()[-1:]
            self.outcomes.append(
                Outcome(
                    check="collect",
                    claim="The checks can be read.",
                    status=Status.GRADER_FAULT,
                    message=last[0].removeprefix("E ").strip() if last else "unknown",
                )
            )

    def _finish(self, draft: Draft, check: str, claim: str, **more: Any) -> Outcome:
        status, message = self._judge(draft)
        if draft.skipped:
            status, message = Status.SKIPPED, draft.skipped
        if isinstance(draft.error, NotApplicable):
            status, message = Status.NOT_APPLICABLE, str(draft.error)
        error = draft.error
        wrong = isinstance(error, AssertionError | SubmissionError)
        shown = counterexample(error, draft.trace, self.text) if error and wrong else None
        cpu_s = sum(facts.cpu_s for facts in draft.facts)
        nameable = status in NAMED and cpu_s < SLOW_CPU_S
        return Outcome(
            check=check,
            claim=claim,
            status=status,
            message=message,
            line=_line(draft),
            file=self._program if _line(draft) else "",
            counterexample=shown,
            mistakes=self._name(draft) if self._naming and nameable else (),
            next_step=getattr(error, "next_step", ""),
            measures=tuple(draft.measures),
            curves=tuple(draft.curves),
            seconds=round(time.monotonic() - draft.started, 3),
            cpu_s=round(cpu_s, 3),
            peak_mb=round(max((facts.peak_mb for facts in draft.facts), default=0), 1),
            printed="".join(facts.printed for facts in draft.facts),
            **more,
        )

    def _judge(self, draft: Draft) -> tuple[Status, str]:
        """A fixture's exception comes again for every check that rests on it: judge it once."""
        last = next((run for run in reversed(draft.runs) if run.facts), None)
        error = draft.error
        cause = error.ended if isinstance(error, EndedInFixtureError) else error
        limits = last.limits if last else self.exercise.limits
        verdict = judge(cause, last.facts if last else None, limits)
        if error is None:
            return verdict
        return self._judged.setdefault(id(error), (error, verdict))[1]

    def _name(self, draft: Draft) -> tuple[str, ...]:
        if self.exercise.is_folder:
            return ()
        if self.box:
            seed = inside(self.seed_of_run)
            return mistakes.name(
                self.exercise, self.box, self.text, draft.trace, seed, self._suspects
            )
        drawn = questions(self.exercise, self.seed_of_run)
        return mistakes.name_answer(self.exercise, draft.answers, drawn) if draft.answers else ()


def _line(draft: Draft) -> int | None:
    """The learner's line: of the exception, or of the answer that was read last."""
    if draft.answers and isinstance(draft.error, AssertionError):
        return draft.answers.line(draft.answers.last)
    line: int | None = getattr(draft.error, "line", None)
    return line


class _Plain(dict[str, Any]):
    """Leaves braces that name no parameter as they are."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
