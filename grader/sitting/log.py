"""The log of one sitting: one SQLite file to which events are added, and nothing else happens.

One transaction writes the files of a snapshot, the event, and the next key. A rollback journal
rather than a write-ahead log: that one kept every old key on the disk (99 of 99), and two more
files that somebody who moves a sitting would forget.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from grader.model import GraderFault
from grader.sitting import chain
from grader.sitting.chain import Event, Row, Seal
from grader.sitting.state import Refused

log = logging.getLogger(__name__)

VERSION = 1
SYNCHRONOUS = "FULL"
"""A transaction that is acknowledged survives a loss of power."""
BUSY_S = 10
BALLAST, MAX_BLOB = 32 << 20, 1 << 20
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
CURES = {
    sqlite3.SQLITE_FULL: "Free some space",
    sqlite3.SQLITE_BUSY: "End other programs that hold it",
}
TABLES = f"""
    PRAGMA page_size = 4096;
    BEGIN;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash TEXT NOT NULL, mac TEXT NOT NULL
    ) STRICT;
    CREATE TABLE blobs (sha TEXT PRIMARY KEY, z BLOB NOT NULL) STRICT;
    CREATE TABLE k (id INTEGER PRIMARY KEY CHECK (id = 1), i INTEGER, key BLOB) STRICT;
    CREATE TRIGGER no_update BEFORE UPDATE ON events
        BEGIN SELECT raise(ABORT, 'events are never changed'); END;
    CREATE TRIGGER no_delete BEFORE DELETE ON events
        BEGIN SELECT raise(ABORT, 'events are never removed'); END;
    PRAGMA user_version = {VERSION};
    COMMIT;
"""


class Contents(NamedTuple):
    """All that a log holds."""

    rows: Sequence[Row]
    blobs: Mapping[str, bytes]
    """Compressed, by the sha256 of the content."""
    seal: Seal


class Log:
    """The events of one sitting; any number of processes may hold it, and take turns."""

    def __init__(self, path: Path) -> None:
        """Open a log that is there. Raises: GraderFault where it is not one."""
        self.path = path
        self.ballast = path.with_suffix(".ballast")
        self.seq, self.head = 0, chain.START
        with _faults(path):
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=BUSY_S,
            )
            for setting in (
                "journal_mode = TRUNCATE",
                f"synchronous = {SYNCHRONOUS}",
                "secure_delete = ON",
                "trusted_schema = OFF",
            ):
                self._db.execute(f"PRAGMA {setting}").fetchall()
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise GraderFault(f"{path.name} is not the log of a sitting; choose the right file.")

    @classmethod
    def create(cls, path: Path, contents: Contents) -> Log:
        """A new log with what it begins with: no events, or those of a log that was handed in.

        Raises: Refused where the file exists.
        """
        with _faults(path):
            try:
                path.touch(0o600, exist_ok=False)
            except FileExistsError:
                raise Refused(f"{path.name} exists; a sitting is created once.") from None
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.executescript(TABLES)
                db.execute("BEGIN")
                db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", contents.rows)
                db.executemany("INSERT INTO blobs VALUES (?, ?)", contents.blobs.items())
                db.execute("INSERT INTO k VALUES (1, ?, ?)", contents.seal)
                db.execute("COMMIT")
        return cls(path)

    def close(self) -> None:
        self._db.close()

    def lay_ballast(self) -> None:
        """Set space aside that is given up when the disk is full."""
        try:
            with self.ballast.open("xb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, BALLAST)
                else:
                    file.write(bytes(BALLAST))
        except OSError as error:
            self.ballast.unlink(missing_ok=True)
            log.warning("No space could be set aside for a full disk: %s.", error.strerror)

    def append(self, event: Event, files: Sequence[bytes] = ()) -> None:
        """Write one event with the content of its files; it is on the disk when this returns.

        Raises: Refused where another process wrote since this one last looked, GraderFault
        where the disk does not take it; in both cases nothing is written.
        """
        with _faults(self.path):
            try:
                row = self._insert(event, files)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in FULL or not self._lighten():
                    raise
                row = self._insert(event, files)
        self.seq, self.head = row.seq, row.hash

    def _insert(self, event: Event, files: Sequence[bytes]) -> Row:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            last = self._db.execute("SELECT ifnull(max(seq), 0) FROM events").fetchone()[0]
            if last != self.seq or event.seq != last + 1:
                raise Refused("Another process wrote to this sitting just now; try again.")
            index, key = self._db.execute("SELECT i, key FROM k").fetchone()
            row = chain.pack(event, self.head, key)
            self._db.executemany(
                "INSERT OR IGNORE INTO blobs VALUES (?, ?)",
                [(chain.digest(content), zlib.compress(content, 9)) for content in files],
            )
            self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
            self._db.execute("UPDATE k SET i = ?, key = ?", (index + 1, chain.evolve(key)))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
                    self._db.execute("ROLLBACK")
            raise
        return row

    def _lighten(self) -> bool:
        """Give up the ballast; False where there is none."""
        try:
            self.ballast.unlink()
        except FileNotFoundError:
            return False
        log.warning("The disk is full: the reserve was used. Free some space; tell the proctor.")
        return True

    def new(self) -> Iterator[Event]:
        """The events since the last one that this process read or wrote.

        Raises: GraderFault at the first that does not follow from the one before.
        """
        for row in self.rows(self.seq):
            try:
                event, prev = chain.unpack(row.body)
            except (ValueError, KeyError, TypeError, RecursionError):
                event, prev = None, ""
            if event is None or prev != self.head or chain.digest(row.body) != row.hash:
                raise GraderFault(
                    f"{self.path.name} is damaged at event {row.seq}; keep it, tell the proctor."
                )
            self.seq, self.head = row.seq, row.hash
            yield event

    def rows(self, after: int = 0) -> list[Row]:
        """The rows as they lie there, damaged or not."""
        with _faults(self.path):
            rows = self._db.execute(
                "SELECT seq, CAST(body AS BLOB), CAST(hash AS TEXT), CAST(mac AS TEXT)"
                " FROM events WHERE seq > ? ORDER BY seq",
                (after,),
            ).fetchall()
        return [Row(*row) for row in rows]

    def blob(self, sha: str) -> bytes | None:
        """Content by its hash; None where it is missing or damaged. At most 1 MiB."""
        with _faults(self.path):
            found = self._db.execute("SELECT z FROM blobs WHERE sha = ?", (sha,)).fetchone()
        try:
            content = zlib.decompressobj().decompress(found[0], MAX_BLOB) if found else None
        except zlib.error:
            return None
        return content if content is not None and chain.digest(content) == sha else None

    def contents(self) -> Contents:
        with self._still():
            blobs = dict(self._db.execute("SELECT sha, z FROM blobs ORDER BY sha"))
            return Contents(self.rows(), blobs, self._seal())

    def _seal(self) -> Seal:
        return Seal(*self._db.execute("SELECT i, key FROM k").fetchone())

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Nothing is written by anybody while this lasts."""
        with _faults(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def verify(
        self, key: bytes | None = None, anchors: Mapping[int, str] | None = None
    ) -> list[str]:
        """What is wrong with this log; see `chain.verify`."""
        try:
            with self._still():
                return chain.verify(self.rows(), self.blob, self._seal(), key, anchors)
        except (GraderFault, TypeError, ValueError, AttributeError) as error:
            return [f"The file is damaged: {error}."]


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn what the disk or SQLite refuses into a fault that names its cure."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        full = getattr(error, "errno", 0) == errno.ENOSPC
        code = sqlite3.SQLITE_FULL if full else getattr(error, "sqlite_errorcode", 0) & 0xFF
        reason = getattr(error, "strerror", None) or str(error)
        cure = CURES.get(code, "Make it readable and writable")
        raise GraderFault(
            f"{path.name}: {reason}. Nothing was written, and what was saved before is safe."
            f" {cure}, tell the proctor, and try again."
        ) from error
