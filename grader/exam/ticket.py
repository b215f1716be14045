"""A ticket: what one candidate needs to sit an exam on a machine, under a passphrase.

    {"exam":"exit-1","learner":"ada","nonce":"...","salt":"...","sha256":"...","ticket":1}
    the contents as JSON, sealed by AES-256-GCM; the line above is sealed with them

The key comes from the passphrase by scrypt. Hidden checks and answers are never in a ticket; the
first key of the log is, so whoever has ticket and passphrase could write a log of his own.
"""

from __future__ import annotations

import json
import os
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import ConfigDict, Field, ValidationError

from grader.model import Frozen, Refused, UsageError
from grader.sitting.chain import canonical
from grader.sitting.exam import Accommodation, Exam, parse

COST = 1 << 17
"""scrypt's n with r = 8: 128 MiB and about half a second for each passphrase that is tried."""
LONG_ENOUGH = 12
MAX_TICKET, MAX_HEADER = 32 << 20, 4096
LEARNER = r"^\w[\w.@+-]{0,63}$"
"""A learner's id: it becomes the name of files and folders."""
Level = Literal["server", "lab", "own", "mock"]
"""Where the sitting is meant to take place; a mock one does not count."""


class Ticket(Frozen):
    """What is under the passphrase."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    definition: bytes
    """exam.yaml as it was when the class was made."""
    sha256: str
    """Of the definition."""
    learner: str = Field(pattern=LEARNER)
    level: Level
    number: str
    """Names this ticket in the log."""
    seed: int = Field(ge=0, lt=1 << 53)
    accommodation: Accommodation
    key: bytes = Field(min_length=32, max_length=32)
    """K(0) of the log."""
    papers: Mapping[str, Mapping[str, bytes]]
    """Of each part: path -> content."""

    @property
    def exam(self) -> Exam:
        """Raises: Refused where the definition is another than the one that was frozen."""
        if sha256(self.definition).hexdigest() != self.sha256:
            raise Refused("The exam in this ticket is not the one of its class; ask for another.")
        return parse(self.definition, "exam.yaml")


def seal(ticket: Ticket, passphrase: str) -> bytes:
    """The ticket as a file. Raises: UsageError for a passphrase that is too short."""
    if len(_plain(passphrase)) < LONG_ENOUGH:
        raise UsageError(
            f"a passphrase has at least {LONG_ENOUGH} characters; take four words at random."
        )
    salt, nonce = os.urandom(16), os.urandom(12)
    names = {"ticket": 1, "exam": ticket.exam.exam, "learner": ticket.learner}
    names |= {"salt": b64encode(salt).decode(), "nonce": b64encode(nonce).decode()}
    cipher = AESGCM(_key(passphrase, salt))
    content = cipher.encrypt(nonce, ticket.model_dump_json().encode(), canonical(names))
    header = canonical({**names, "sha256": sha256(content).hexdigest()})
    return header + b"\n" + content


def unseal(path: Path, passphrase: str) -> Ticket:
    """Open a ticket. Raises: UsageError for another file, Refused for a damaged or closed one."""
    header, content = read(path)
    digest = header.pop("sha256", "")
    try:
        salt, nonce = (b64decode(header[name], validate=True) for name in ("salt", "nonce"))
        if digest != sha256(content).hexdigest() or (len(salt), len(nonce)) != (16, 12):
            raise ValueError("damaged")
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, content, canonical(header))
        return Ticket.model_validate_json(plain)
    except InvalidTag:
        raise Refused(f"This passphrase does not open {path.name}; type it once more.") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise Refused(f"{path.name} is damaged; ask for it again.") from None


def read(path: Path) -> tuple[dict[str, str], bytes]:
    """The header, and what is sealed. Raises: UsageError where the file is no ticket."""
    try:
        if not path.is_file():
            raise UsageError(f"there is no ticket {path.name}; check the name.")
        with path.open("rb") as file:
            header = json.loads(file.readline(MAX_HEADER))
            content = file.read(MAX_TICKET + 1)
        if header["ticket"] == 1 and len(content) <= MAX_TICKET:
            return header, content
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UsageError(f"{path.name} is no ticket of an exam; name the file that you were given.")


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(_plain(passphrase).encode())


def _plain(passphrase: str) -> str:
    """As it was meant, whatever the keyboard: one space between words, one form of each letter."""
    return " ".join(unicodedata.normalize("NFKC", passphrase).split())
