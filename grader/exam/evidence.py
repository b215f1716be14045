"""Is this the log that was written at the time? What can be said, and what only a key can say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from grader.exam.classroom import Candidate, Classroom
from grader.exam.place import LOG, Place
from grader.exam.timeline import Moment, moments
from grader.model import GraderFault, Refused, UsageError
from grader.sitting import Log, bundle

SQLITE = b"SQLite format 3\0"
MAX_KEY = 1 << 14


class Finding(NamedTuple):
    """What was found about one log."""

    problems: tuple[str, ...]
    """One sentence each; none where it is sound."""
    told: tuple[Moment, ...]
    """What happened; empty where it cannot be read."""
    codes: int
    """Codes noted outside that were compared."""


@contextmanager
def opened(path: Path) -> Iterator[Log]:
    """The log in a bundle, a candidate's folder or a sitting.db.

    Raises: UsageError where it is none of these, Refused for a bundle that is not whole.
    """
    if path.is_dir() or _is_database(path):
        log = Log(Place.of(path).log if path.is_dir() else path)
        try:
            yield log
        finally:
            log.close()
        return
    if not path.is_file():
        raise UsageError(f"there is no file {path.name}; name a bundle or a candidate's folder.")
    with TemporaryDirectory() as folder:
        log = bundle.read(path, Path(folder) / LOG)
        try:
            yield log
        finally:
            log.close()


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def examine(log: Log, room: Classroom | None = None, key: bytes | None = None) -> Finding:
    """Check the chain, the seals, the end, the rules and, with a class, whose sitting it is."""
    problems: list[str] = []
    told: list[Moment] = []
    try:
        told = moments(log)
    except (GraderFault, Refused) as error:
        problems.append(str(error))
    codes = {m.event.data["event"]: m.event.data["code"] for m in told if m.event.kind == "anchor"}
    if room and told:
        state = told[-1].state
        try:
            one = room.candidate(state.learner)
            key = bytes.fromhex(one.key)
            codes |= room.codes(state.learner)
            problems += _strange(told[0], one, room)
        except UsageError as error:
            problems.append(str(error))
    return Finding((*problems, *log.verify(key, codes)), tuple(told), len(codes))


def _strange(first: Moment, one: Candidate, room: Classroom) -> Iterator[str]:
    """In what a sitting differs from what its class gave out."""
    exam = room.exam
    given = {
        "exam": exam.exam,
        "exam_sha256": exam.sha256,
        "parts": [part.model_dump(mode="json") for part in exam.parts],
        "grace_s": exam.grace_s,
        "level": room.header.level,
        "ticket": one.number,
        "seed": one.seed,
        "accommodation": one.accommodation.model_dump(mode="json"),
    }
    for name, due in given.items():
        if first.event.data.get(name) != due:
            yield f"Event 1: its {name} is not what {one.learner} was given."


def read_key(path: Path) -> bytes:
    """K(0) from a file of 64 hexadecimal characters, or a class's candidates/<learner>.json.

    Raises: UsageError where it is neither.
    """
    try:
        content = path.read_bytes()[:MAX_KEY]
        if content.lstrip().startswith(b"{"):
            return bytes.fromhex(Candidate.model_validate_json(content).key)
        key = bytes.fromhex(content.decode("ascii").strip())
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UsageError(f"{path.name} holds no key; name candidates/LEARNER.json of the class.")
    return key
