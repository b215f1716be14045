"""The sittings of a class, graded: a bundle in, a signed result and a page out.

graded/<learner>.db        the log as it was handed in, and after it what staff decided
results/<learner>.json     the result, signed
results/<learner>.html     the same to be read and printed

A log that is not sound is never graded. What was graded before is left alone, so that a run that
was killed goes on where it was. A result is written anew from its log whenever that changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from grader import wholefile
from grader.exam import evidence, papers, signing
from grader.exam.classroom import Classroom
from grader.exam.marking import mark
from grader.exam.page import page
from grader.exam.place import LOG, STATE, Place
from grader.exam.result import Result, result
from grader.lending import Progress, to_nobody
from grader.model import GraderFault, Isolation, Refused, UsageError, Verdict
from grader.sitting import Log, Sitting, State
from grader.sitting import exam as definition


def sources(place: Path) -> Iterator[Path]:
    """The bundles, and the candidates' folders, in a folder or below it.

    Raises: UsageError where there are none.
    """
    if place.is_file():
        yield place
        return
    found = sorted({*place.rglob("*.bundle"), *place.rglob(f"{STATE}/{LOG}")})
    handed_in = {path.parent for path in found if path.suffix == ".bundle"}
    found = [path for path in found if path.name != LOG or path.parent.parent not in handed_in]
    if not found:
        raise UsageError(f"{place.name} holds no bundle; name the folder that holds them.")
    yield from found


def grade(
    room: Classroom,
    source: Path,
    exam: Path,
    isolation: Isolation,
    *,
    again: bool = False,
    progress: Callable[[Progress], None] = to_nobody,
) -> tuple[Result, bool]:
    """Grade one sitting, unless that was done; its result, and whether it was graded now.

    Args: source, a bundle or a sitting.db; exam, the folder of the exam as it was frozen.
    Raises: Refused where the log is not sound, not of this class, or not over; GraderFault.
    """
    try:
        learner = take_in(room, source)
    except Refused as error:
        raise Refused(f"{source.name} is not graded: {error}") from None
    with closing(Sitting(_log(room, learner))) as sitting:
        fresh = again or sitting.state.status == "finished"
        if fresh:
            tasks = papers.tasks(exam)
            verdicts = mark(sitting.log, sitting.state, tasks, isolation, progress)
            _keep(sitting, verdicts)
    return write(room, learner), fresh


def decide(room: Classroom, learner: str, decision: Callable[[Sitting], None]) -> Result:
    """Let staff decide about a graded sitting, and write its result anew.

    Raises: UsageError where nothing of the learner was graded; Refused by the rules.
    """
    room.candidate(learner)
    path = _log(room, learner)
    if not path.exists():
        raise UsageError(f"nothing of {learner} is graded yet; grade the bundle first.")
    with closing(Sitting(path)) as sitting:
        decision(sitting)
    return write(room, learner)


def write(room: Classroom, learner: str) -> Result:
    """The result and its page, from the log. Raises: GraderFault where they cannot be written."""
    with closing(Log(_log(room, learner))) as log:
        found = result(log, room.exam)
    folder = room.folder / "results"
    _replace(folder / f"{learner}.json", signing.sign(found, room.folder / "private.pem"))
    _replace(folder / f"{learner}.html", page(_log(room, learner), found).encode())
    return found


def practise(
    place: Place,
    exam: Path,
    isolation: Isolation,
    progress: Callable[[Progress], None] = to_nobody,
) -> tuple[Result, dict[str, Verdict], Path]:
    """Grade a mock sitting where it was sat: the result, the verdicts and their page.

    Raises: UsageError where the exam's private half is not here, Refused, GraderFault.
    """
    tasks = papers.tasks(exam)
    with closing(Sitting(place.log)) as sitting:
        verdicts = mark(sitting.log, sitting.state, tasks, isolation, progress)
        _keep(sitting, verdicts)
    with closing(Log(place.log)) as log:
        found = result(log, definition.load(exam))
    html = place.folder / "result.html"
    _replace(html, page(place.log, found).encode())
    return found, verdicts, html


def _keep(sitting: Sitting, verdicts: dict[str, Verdict]) -> None:
    texts = {part: each.model_dump_json().encode() for part, each in verdicts.items()}
    sitting.grade(texts, {part: each.score for part, each in verdicts.items()})


def take_in(room: Classroom, source: Path) -> str:
    """Keep a sitting that was handed in; whose it is.

    Raises: Refused where it is not sound, of another class, not over, or another than before.
    """
    folder = room.folder / "graded"
    folder.mkdir(exist_ok=True)
    incoming = folder / f".{os.getpid()}.db"
    incoming.unlink(missing_ok=True)
    try:
        with (
            evidence.opened(source) as given,
            closing(Log.create(incoming, given.contents())) as log,
        ):
            state, head = _sound(room, log)
        kept = _log(room, state.learner)
        if kept.exists():
            with closing(Log(kept)) as before:
                rows = before.rows()
            if len(rows) < state.finished or rows[state.finished - 1].hash != head:
                raise Refused(
                    f"another sitting of {state.learner} was graded before; if this one is to"
                    f" count, move graded/{kept.name} away."
                )
        else:
            incoming.rename(kept)
    finally:
        incoming.unlink(missing_ok=True)
    return state.learner


def _sound(room: Classroom, log: Log) -> tuple[State, str]:
    """The state of a log and the hash of its last event, if it can be graded."""
    problems, told, _ = evidence.examine(log, room)
    if problems:
        more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        raise Refused(f"the log is not sound: {problems[0]}{more}")
    state = told[-1].state
    if state.status != "finished":
        raise Refused(f"the sitting of {state.learner} is {state.status}; end it first.")
    return state, log.head


def _log(room: Classroom, learner: str) -> Path:
    return room.folder / "graded" / f"{learner}.db"


def _replace(path: Path, content: bytes) -> None:
    """Write a whole file, so that no half one is ever seen."""
    try:
        wholefile.replace(path, content)
    except OSError as error:
        raise GraderFault(f"{path.name} cannot be written: {error.strerror}.") from None
