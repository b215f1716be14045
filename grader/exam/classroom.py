"""What `grade exam new` makes: one exam for one class, at the instructor's.

exam.yaml                   the definition, frozen
class.json                  the level, and the hash of the definition
public.pem, private.pem     for results: checked with the one, signed with the other (0600)
candidates/<learner>.json   the first key of the log, the seed, the accommodation (0600)
codes.jsonl                 codes that a proctor noted at the desks
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from pydantic import Field, ValidationError

from grader.exam.roster import read
from grader.exam.ticket import LEARNER, Level, Ticket
from grader.model import Frozen, GraderFault, Refused, UsageError
from grader.sitting import exam as definition
from grader.sitting.exam import Accommodation, Exam


class Candidate(Frozen):
    """One learner of a class; the key and the seed are secret."""

    learner: str = Field(pattern=LEARNER)
    number: str
    """Of the ticket."""
    seed: int
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    """K(0) of the log, in hexadecimal."""
    accommodation: Accommodation


class Header(Frozen):
    """class.json."""

    exam: str
    level: Level
    sha256: str
    """Of exam.yaml."""


class Classroom:
    """A class that was made. Raises: UsageError where the folder is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.header = Header.model_validate_json((folder / "class.json").read_bytes())
            self.definition = (folder / "exam.yaml").read_bytes()
        except (OSError, ValidationError):
            raise UsageError(
                f"{folder.name} is no class; make one: `grade exam new EXAM --roster FILE -o DIR`."
            ) from None

    @property
    def exam(self) -> Exam:
        """Raises: Refused where the definition was changed after the class was made."""
        return self._same(self.definition)

    @property
    def learners(self) -> tuple[str, ...]:
        """In order of their names."""
        return tuple(sorted(path.stem for path in (self.folder / "candidates").glob("*.json")))

    def candidate(self, learner: str) -> Candidate:
        """Raises: UsageError where the class has no such learner."""
        if learner not in self.learners:
            raise UsageError(
                f"no learner `{learner}` in this class; it has {', '.join(self.learners)}."
            )
        path = self.folder / "candidates" / f"{learner}.json"
        try:
            return Candidate.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise GraderFault(f"candidates/{path.name} cannot be read; restore it.") from None

    def ticket(self, learner: str, exam: Path) -> Ticket:
        """A learner's ticket, with papers made from the exam in the folder `exam`.

        Raises: Refused where that exam is another than when the class was made.
        """
        from grader.exam.papers import papers  # loads what marks are made with

        one = self.candidate(learner)
        self._same((exam / "exam.yaml").read_bytes())
        return Ticket(
            definition=self.definition,
            sha256=self.header.sha256,
            learner=one.learner,
            level=self.header.level,
            number=one.number,
            seed=one.seed,
            accommodation=one.accommodation,
            key=bytes.fromhex(one.key),
            papers=papers(exam, one.seed),
        )

    def note(self, learner: str, seq: int, code: str) -> None:
        """Keep a code that a proctor read at a desk: it fixes all events up to that one."""
        line = json.dumps({"learner": learner, "event": seq, "code": code})
        with (self.folder / "codes.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def codes(self, learner: str) -> dict[int, str]:
        """The codes that were noted for a learner, by the number of the event."""
        path = self.folder / "codes.jsonl"
        rows = map(json.loads, path.read_text("utf-8").splitlines()) if path.exists() else ()
        return {row["event"]: row["code"] for row in rows if row["learner"] == learner}

    def _same(self, content: bytes) -> Exam:
        if sha256(content).hexdigest() != self.header.sha256:
            raise Refused(
                f"exam.yaml of {self.header.exam} was changed after this class was made;"
                " put it back, or make a new class."
            )
        return definition.parse(content, "exam.yaml")


def create(folder: Path, exam: Path, roster: Path, level: Level) -> Classroom:
    """Make a class for the exam in the folder `exam`, as a whole or not at all.

    Raises: UsageError for a bad roster, Refused where the folder holds anything.
    """
    loaded, rows = definition.load(exam), read(roster)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder.name} is there already, and a class is made once; name a new one.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=".grade-class-", dir=folder.parent))
        try:
            _write(made / "exam.yaml", (exam / "exam.yaml").read_bytes())
            header = Header(exam=loaded.exam, level=level, sha256=loaded.sha256)
            _write(made / "class.json", header.model_dump_json(indent=1).encode())
            _write_keys(made)
            (made / "candidates").mkdir(mode=0o700)
            for learner, accommodation in rows.items():
                one = draw(learner, accommodation).model_dump_json(indent=1).encode()
                _write(made / "candidates" / f"{learner}.json", one, 0o600)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise GraderFault(f"{folder.name} cannot be made: {error.strerror}.") from None
    return Classroom(folder)


def draw(learner: str, accommodation: Accommodation) -> Candidate:
    """A candidate with secrets of his own."""
    return Candidate(
        learner=learner,
        number=secrets.token_hex(8),
        seed=secrets.randbelow(1 << 31),
        key=secrets.token_hex(32),
        accommodation=accommodation,
    )


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_keys(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem, plain = form.Encoding.PEM, form.NoEncryption()
    private = key.private_bytes(pem, form.PrivateFormat.PKCS8, plain)
    public = key.public_key().public_bytes(pem, form.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "private.pem", private, 0o600)
    _write(folder / "public.pem", public)
