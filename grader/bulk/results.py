"""The folder of a class's results.

    results/*.json, index.sqlite3   the ledger: a record for each grading, never changed
    troubles.json                   whose files could not be graded, and why
    summary.csv, summary.html       the statistics, written anew by every run
    slots.log                       what the slots had to say, where they had anything

What counts is the newest record of a learner and an exercise. It still holds while the submission
and all that the verdict rests on are the same; then it is not graded again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from grader.bulk import summary
from grader.bulk.intake import Trouble, Work
from grader.bulk.summary import Summary
from grader.ledger import Ledger, Row
from grader.model import GraderFault, UsageError

Key = tuple[str, str]
"""Learner and exercise."""


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

    def newest(self) -> dict[Key, Row]:
        """The record that counts, by learner and exercise."""
        return {(row.learner, row.exercise): row for row in self.ledger.attempts()}

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
        return ", ".join(changed) or "a grader fault before"

    def troubles(self) -> list[Trouble]:
        """Those of the last run. Raises: GraderFault where the file is damaged."""
        path = self.folder / "troubles.json"
        try:
            return [Trouble(each["learner"], each["why"]) for each in json.loads(path.read_bytes())]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError):
            raise GraderFault(
                f"{self.folder.name}/troubles.json is damaged; delete it and run again."
            ) from None

    def close(self, troubles: Iterable[Trouble], title: str) -> Summary:
        """Write troubles and summary. Raises: GraderFault where they cannot be written."""
        sorted_ = sorted(set(troubles))
        rows = sorted(self.newest().items())
        found = summary.summarise((self.ledger.read(row.path) for _, row in rows), sorted_)
        listed = [each._asdict() for each in sorted_]
        self._write("troubles.json", json.dumps(listed, indent=2, ensure_ascii=False) + "\n")
        self._write("summary.csv", "\ufeff" + summary.as_csv(found))  # the mark is for Excel
        self._write("summary.html", summary.as_html(found, title))
        return found

    def _write(self, name: str, text: str) -> None:
        """A whole file, so that no half one is ever seen."""
        beside = self.folder / f".{name}.tmp"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, "utf-8", newline="\n")
            beside.replace(self.folder / name)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise GraderFault(
                f"{self.folder.name}/{name} cannot be written: {error.strerror}. Free some space"
                " or make the folder writable, and run it again: what is graded is kept."
            ) from None

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
        troubles += Results(folder).troubles()
    results.close(troubles, target.name)
    return new, count


def is_of(shard: int, shards: int, learner: str) -> bool:
    """Whether a learner is of shard 1 to `shards`; the same on every machine."""
    return int.from_bytes(sha256(learner.encode()).digest()[:8]) % shards == shard - 1


def free_of(folder: Path, results: Path) -> None:
    """Raises: UsageError where results would lie among what was handed in."""
    if folder.resolve() in (results.resolve(), *results.resolve().parents):
        raise UsageError(f"put the results beside {folder.name}, not into it.")
