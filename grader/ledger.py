"""Results that last: append-only records, and an index that can be rebuilt from them.

    results/20261120T140311.123456Z-softmax-5f0c9a1e.json    one verdict each, never changed
    index.sqlite3                                            what is listed often, in one table

The records are the truth. Before every answer the index takes in the records that it lacks, so
a process that is killed between the two, or an index that is lost, costs nothing.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, TypeVar

from grader.model import GraderFault, Verdict
from grader.wholefile import write_new

log = logging.getLogger(__name__)
T = TypeVar("T")

VERSION = 2
TABLE = """
    CREATE TABLE attempt (
        name TEXT PRIMARY KEY,
        exercise TEXT NOT NULL,
        score REAL NOT NULL,
        points INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        started TEXT NOT NULL,
        learner TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        rests TEXT NOT NULL
    ) STRICT
"""
COLUMNS = "exercise, score, points, passed, started, :folder || name, learner, sha256, rests"
TRIES = 5
UNFINISHED_S = 3600
TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
"""What says nothing against the index itself: the disk, a lock, permissions."""


class Row(NamedTuple):
    """One attempt, as it is listed."""

    exercise: str
    score: float
    points: int
    passed: bool
    started: str
    """ISO 8601, UTC."""
    record: str
    """The record's file; a Path for each of ten thousand rows takes as long as all else."""
    learner: str
    sha256: str
    """Of the submission."""
    rests: str
    """Digest of all else that the verdict rests on; empty where it is a grader fault."""

    @property
    def path(self) -> Path:
        """The record."""
        return Path(self.record)


def digest(hashes: Mapping[str, str]) -> str:
    """One hash of the hashes of checks, reference and data."""
    return sha256(json.dumps(dict(hashes), sort_keys=True).encode()).hexdigest()


class Ledger:
    """The attempts in one folder, usually `.grader`; any number of processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results"
        self.index = folder / "index.sqlite3"
        self._tidy = False

    def record(self, verdict: Verdict) -> Path:
        """Save one verdict as a new file that is whole from the moment it can be seen.

        Raises: GraderFault where the disk is full or the folder cannot be written.
        """
        slug = re.sub(r"[^A-Za-z0-9_-]", "_", verdict.exercise)[:80]
        now = datetime.now(UTC)
        path = self.results / f"{now:%Y%m%dT%H%M%S.%fZ}-{slug}-{token_hex(4)}.json"
        self._write(path, verdict.model_dump_json(indent=2) + "\n")
        return path

    def take(self, path: Path) -> bool:
        """Copy a record of another ledger; whether it was not here yet.

        Raises: GraderFault where it cannot be read or copied, or another of its name is here.
        """
        here = self.results / path.name
        verdict = Ledger(path.parent.parent).read(path)
        if here.exists():
            if self.read(here) != verdict:
                raise GraderFault(f"Two different records are named {here.name}; rename one.")
            return False
        self._write(here, path.read_text("utf-8"))
        return True

    def _write(self, path: Path, text: str) -> None:
        with self._writing():
            self.results.mkdir(parents=True, exist_ok=True)
            if not self._tidy:  # once is enough, and ten thousand records take a while to list
                _remove_unfinished(self.results)
                self._tidy = True
            write_new(path, text)

    def read(self, path: Path) -> Verdict:
        """One record in full.

        Raises: GraderFault where the file is missing or is not a record.
        """
        try:
            return Verdict.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a complete record"
            raise GraderFault(
                f"The record {path.name} cannot be read: {reason}. Move it out of"
                f" {self._shown(self.results)}, or restore it from a copy."
            ) from error

    def attempts(self, exercise: str | None = None) -> tuple[Row, ...]:
        """Every attempt, or those of one exercise, oldest first."""
        chosen = ":exercise IS NULL OR exercise = :exercise"
        return self._listed(f"SELECT {COLUMNS} FROM attempt WHERE {chosen} ORDER BY name", exercise)

    def latest(self) -> dict[str, Row]:
        """The last attempt at each exercise."""
        return self._first("name DESC")

    def best(self) -> dict[str, Row]:
        """The best attempt at each exercise: a pass before none, then the score, then the later."""
        return self._first("passed DESC, score DESC, name DESC")

    def counts(self) -> dict[str, int]:
        """How many attempts there are at each exercise."""

        def counted(index: sqlite3.Connection) -> dict[str, int]:
            self._take_in(index)
            return dict(index.execute("SELECT exercise, count(*) FROM attempt GROUP BY exercise"))

        return self._ask(counted)

    def _first(self, order: str) -> dict[str, Row]:
        """The first attempt at each exercise in an order; the index picks, not a loop over all."""
        places = f"row_number() OVER (PARTITION BY exercise ORDER BY {order})"
        question = f"SELECT *, {places} AS place FROM attempt"
        rows = self._listed(f"SELECT {COLUMNS} FROM ({question}) WHERE place = 1 ORDER BY name")
        return {row.exercise: row for row in rows}

    def _listed(self, question: str, exercise: str | None = None) -> tuple[Row, ...]:
        values = {"folder": f"{self.results}/", "exercise": exercise}

        def listed(index: sqlite3.Connection) -> tuple[Row, ...]:
            self._take_in(index)
            rows = map(Row._make, index.execute(question, values))
            return tuple(row._replace(passed=bool(row.passed)) for row in rows)

        return self._ask(listed)

    def rebuild(self) -> tuple[str, ...]:
        """Read every record again; the answer names those that could not be read."""

        def rebuilt(index: sqlite3.Connection) -> tuple[str, ...]:
            index.execute("DELETE FROM attempt")
            return self._take_in(index)

        return self._ask(rebuilt)

    def _take_in(self, index: sqlite3.Connection) -> tuple[str, ...]:
        """Make the index equal to the folder; unreadable records are left where they are."""
        known = {name for (name,) in index.execute("SELECT name FROM attempt")}
        there = _records(self.results)
        index.executemany("DELETE FROM attempt WHERE name = ?", [(n,) for n in known - there])
        warnings = []
        for name in sorted(there - known):
            try:
                found = self.read(self.results / name)
            except GraderFault as fault:
                log.warning("%s", fault)
                warnings.append(str(fault))
                continue
            index.execute(
                "INSERT INTO attempt VALUES (?, ?, ifnull(?, 0), ?, ?, ?, ?, ?, ?)",  # no nan there
                (
                    *(name, found.exercise, found.score, found.points, found.passed),
                    *(found.started, found.learner, found.sha256),
                    "" if found.exit_code == 3 else digest(found.hashes),
                ),
            )
        return tuple(warnings)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Put a question to the index; one that is damaged is put aside and built anew.

        Several tries, because other processes may be putting aside the same index.
        """
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            for _ in range(TRIES):
                seen = _identity(self.index)
                try:
                    return self._answer(question)
                except sqlite3.DatabaseError as error:
                    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                    if code in TROUBLE:
                        raise
                    if code != sqlite3.SQLITE_IOERR:
                        self._put_aside(seen)
            return self._answer(question)

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """One question in one transaction, which no other process can come between.

        No write-ahead log: every question takes the write lock, so it would gain nothing, and
        six processes that switched a new index to it at once were told "locked" (7 in 1,140).
        """
        with closing(sqlite3.connect(self.index, timeout=30, isolation_level=None)) as index:
            index.execute("BEGIN IMMEDIATE")
            if index.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                index.execute("DROP TABLE IF EXISTS attempt")
                index.execute(TABLE)
                index.execute(f"PRAGMA user_version = {VERSION}")
            answer = question(index)
            index.execute("COMMIT")
            return answer

    def _put_aside(self, seen: int | None) -> None:
        """Rename a damaged index, unless another process has already done so."""
        if seen is None or _identity(self.index) != seen:
            return
        number = 1 + len(list(self.folder.glob(f"{self.index.name}.bad-*")))
        aside = self.index.with_name(f"{self.index.name}.bad-{number}")
        self.index.with_name(f"{self.index.name}-journal").unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # another process was faster
            self.index.rename(aside)
        log.warning("The index was damaged: it is now %s, and a new one was built.", aside.name)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn what the disk refuses into a fault that names its cure."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise GraderFault(
                f"The results in {self._shown(self.folder)} cannot be written: {reason}."
                " Free some space or make the folder writable, and grade again."
            ) from error

    def _shown(self, path: Path) -> str:
        """A path as the learner knows it, without the folders above the workspace."""
        return path.relative_to(self.folder.parent).as_posix()


def _records(folder: Path) -> set[str]:
    """Names of the records in a folder; a name alone, because ten thousand paths cost 60 ms."""
    try:
        return {name for name in os.listdir(folder) if name.endswith(".json")}  # noqa: PTH208
    except FileNotFoundError:
        return set()


def _remove_unfinished(folder: Path) -> None:
    """What a process left that was killed while it wrote, an hour ago or more."""
    for left in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):  # another process was faster
            if left.stat().st_mtime < time.time() - UNFINISHED_S:
                left.unlink()


def _identity(path: Path) -> int | None:
    return path.stat().st_ino if path.exists() else None
