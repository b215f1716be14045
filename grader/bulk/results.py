"""The folder of a class's results.

    results/*.json, index.sqlite3   the ledger: a record for each grading, never changed
    overrides/*.json                points that a person gave, never changed
    late.json, times.json           the late policy; when work was handed in, where that is known
    troubles.json                   whose files could not be graded, and why
    summary.csv, summary.html       points and statistics, written anew by every run
    slots.log                       what the slots had to say, where they had anything
    lock                            held by the run that is at work here

What counts is the newest record of a learner and an exercise. It still holds while the submission
and all that the verdict rests on are the same; then it is not graded again. What a person or a late
policy makes of its points is put in when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from grader import wholefile
from grader.bulk import summary
from grader.bulk.intake import Trouble, Work
from grader.bulk.late import Late, Times, moment
from grader.bulk.overrides import Key, Overrides, today
from grader.bulk.points import Decisions
from grader.bulk.summary import Summary
from grader.ledger import Ledger, Row, digest
from grader.model import GraderFault, UsageError, Verdict

T = TypeVar("T")


class Move(NamedTuple):
    """A learner who was graded again."""

    learner: str
    exercise: str
    before: float
    after: float
    why: str
    """What changed: the submission, files, data sets."""


class Results:
    """One folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder)
        self.overrides = Overrides(folder)

    def newest(self) -> dict[Key, Row]:
        """The record that counts, by learner and exercise."""
        return {(row.learner, row.exercise): row for row in self.ledger.attempts()}

    def learners(self) -> set[str]:
        """Everybody of whom something is known here."""
        return {learner for learner, _ in self.newest()} | {
            each.learner for each in self.troubles()
        }

    def pending(self, works: Iterable[Work], rests: Mapping[str, str]) -> list[Work]:
        """What is to be graded. Args: rests, by exercise the digest of what a verdict rests on."""
        newest = self.newest()

        def holds(work: Work) -> bool:
            row = newest.get((work.learner, work.exercise.slug))
            now = (work.sha256, rests[work.exercise.slug])
            return row is not None and (row.sha256, row.rests) == now

        return [work for work in works if not holds(work)]

    def moves(self, before: Mapping[Key, Row]) -> list[Move]:
        """Who was graded again since `before`, and why."""
        found = []
        for key, row in self.newest().items():
            old = before.get(key)
            if old and old.path != row.path:
                why = self._why(old, row)
                found.append(Move(*key, old.score, row.score, why))
        return sorted(found)

    def _why(self, old: Row, new: Row) -> str:
        if old.sha256 != new.sha256:
            return "another submission"
        was, is_ = (self.ledger.read(row.path).hashes for row in (old, new))
        names = {*was, *is_}
        changed = sorted(name for name in names if was.get(name) != is_.get(name))
        return ", ".join(changed) or ("nothing changed" if old.rests else "a grader fault before")

    def verdicts(self) -> Iterator[Verdict]:
        """The verdicts that count, by learner and exercise, with what counts of each."""
        decisions = self.decisions()
        for _, row in sorted(self.newest().items()):
            yield decisions.of(self.ledger.read(row.path))

    def decisions(self) -> Decisions:
        """All that people decided about points, as it stands today. Raises: GraderFault."""
        late = self._kept("late.json", Late.model_validate)
        times = self._kept("times.json", _times)
        return Decisions(self.overrides.newest(), late, times or {}, today())

    def keep_late(self, late: Late) -> None:
        """From now on this late policy holds. Raises: GraderFault."""
        self._write("late.json", late.model_dump_json(indent=2) + "\n")

    def keep_times(self, works: Iterable[Work]) -> None:
        """Note when work was handed in, where its export says so. Raises: GraderFault."""
        said = [work for work in works if work.at]
        known = self._kept("times.json", dict) or {}
        for work in said:
            known.setdefault(work.learner, {})[work.exercise.slug] = work.at
        if said:
            self._write_json("times.json", known)

    def troubles(self) -> list[Trouble]:
        """Those of the last run. Raises: GraderFault where the file is damaged."""

        def listed(found: Any) -> list[Trouble]:
            return [Trouble(each["learner"], each["why"]) for each in found]

        return self._kept("troubles.json", listed) or []

    def _kept(self, name: str, made: Callable[[Any], T]) -> T | None:
        """What a file holds, None where there is none. Raises: GraderFault if it is damaged."""
        try:
            return made(json.loads((self.folder / name).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            raise GraderFault(
                f"{self.folder.name}/{name} is damaged; delete it and run again."
            ) from None

    def close(self, troubles: Iterable[Trouble], title: str) -> Summary:
        """Write troubles and summary. Raises: GraderFault where they cannot be written."""
        sorted_ = sorted(set(troubles))
        found = summary.summarise(self.verdicts(), sorted_, self.decisions().notes)
        listed = [each._asdict() for each in sorted_]
        self._write_json("troubles.json", listed)
        self._write("summary.csv", "\ufeff" + summary.as_csv(found))  # the mark is for Excel
        self._write("summary.html", summary.as_html(found, title))
        return found

    def recount(self) -> Summary:
        """Write the summary anew, as decisions stand today. Raises: GraderFault."""
        return self.close(self.troubles(), self.folder.name.removesuffix("-results"))

    def _write_json(self, name: str, data: object) -> None:
        self._write(name, json.dumps(data, indent=2, ensure_ascii=False) + "\n")

    def _write(self, name: str, text: str) -> None:
        """A whole file, so that no half one is ever seen."""
        try:
            wholefile.replace(self.folder / name, text.encode())
        except OSError as error:
            raise GraderFault(
                f"{self.folder.name}/{name} cannot be written: {error.strerror}. Free some space"
                " or make the folder writable, and run it again: what is graded is kept."
            ) from None

    def take(self, other: Results) -> None:
        """Take over what another folder knows besides its records.

        Raises: UsageError where the two have different late policies; GraderFault.
        """
        ours, theirs = self.decisions(), other.decisions()
        if theirs.late and ours.late not in (None, theirs.late):
            raise UsageError(
                f"{other.folder.name} has another late policy than {self.folder.name}; grade both"
                " with the same --late, which grades nothing again."
            )
        if theirs.late:
            self.keep_late(theirs.late)
        self.overrides.take(other.overrides)
        times = [each._kept("times.json", dict) or {} for each in (self, other)]
        if any(times):
            self._write_json("times.json", times[0] | times[1])

    @contextmanager
    def log(self) -> Iterator[IO[bytes]]:
        """The file for what slots say; gone again where they said nothing."""
        path = self.folder / "slots.log"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        except OSError as error:
            reason = f"{self.folder.name} cannot be written: {error.strerror}"
            raise GraderFault(f"{reason}. Make it writable, or name another by -o.") from None
        try:
            with file:
                yield file
        finally:
            with suppress(OSError):
                if path.stat().st_size == 0:
                    path.unlink()


def _times(found: Any) -> Times:
    """Those that can be read; what a platform wrote in another way is not known."""
    times: Times = {}
    for learner, mine in found.items():
        for exercise, said in mine.items():
            with suppress(ValueError):
                times.setdefault(learner, {})[exercise] = moment(said)
    return times


def merge(sources: Iterable[Path], target: Path) -> tuple[int, int]:
    """Copy the records of several folders into one, none twice: how many are new, of how many.

    Raises: UsageError where a source holds no results; GraderFault.
    """
    results, new, count = Results(target), 0, 0
    troubles: list[Trouble] = []
    for folder in sources:
        paths = sorted((folder / "results").glob("*.json"))
        if not paths and not (folder / "troubles.json").exists():
            raise UsageError(f"{folder.name} holds no results; name folders of `grade bulk`.")
        count += len(paths)
        new += sum(map(results.ledger.take, paths))
        results.take(Results(folder))
        troubles += Results(folder).troubles()
    results.close(troubles, target.name)
    return new, count


def rests_of(works: Iterable[Work]) -> dict[str, str]:
    """By exercise the digest of what a verdict rests on besides the submission."""
    from grader import engine  # torch takes a while, and a report needs none

    wanted = {work.exercise.slug: work.exercise for work in works}
    return {slug: digest(engine.hashes(exercise)) for slug, exercise in wanted.items()}


def is_of(shard: int, shards: int, learner: str) -> bool:
    """Whether a learner is of shard 1 to `shards`; the same on every machine."""
    return int.from_bytes(sha256(learner.encode()).digest()[:8]) % shards == shard - 1


def free_of(folder: Path, results: Path) -> None:
    """Raises: UsageError where results would lie among what was handed in."""
    if folder.resolve() in (results.resolve(), *results.resolve().parents):
        raise UsageError(f"put the results beside {folder.name}, not into it.")
