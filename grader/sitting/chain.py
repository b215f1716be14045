"""What makes a log tell on whoever changes it: canonical bodies, a chain of hashes, seals.

    body   canonical JSON of seq, kind, data, clock, prev (the hash of the event before)
    hash   SHA-256 of the body
    mac    HMAC of the hash with K(i); K(i+1) = SHA-256("next" + K(i)), and K(i) is overwritten

K(0) stays with the instructor. Whoever holds the log holds only the key of the next event, so
what is written cannot be written anew, and the number of that key shows a cut tail.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from grader.sitting.clock import Reading

START = "0" * 64
ANCHOR = 8
"""Characters of a hash that a person is asked to copy."""


@dataclass(frozen=True)
class Event:
    """One thing that happened; nothing else is ever stored about a sitting."""

    seq: int
    kind: str
    data: Mapping[str, Any]
    reading: Reading


class Row(NamedTuple):
    """One event as it lies in the log."""

    seq: int
    body: bytes
    hash: str
    mac: str


class Seal(NamedTuple):
    """The key for the next event, and how many came before it."""

    number: int
    key: bytes


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, in UTF-8. Raises: ValueError for NaN and infinity."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return sha256(content).hexdigest()


def evolve(key: bytes) -> bytes:
    """The next key, from which this one cannot be found."""
    return sha256(b"next" + key).digest()


def mac(key: bytes, hash_: str) -> str:
    """The seal of an event."""
    return hmac.new(key, hash_.encode(), "sha256").hexdigest()


def pack(event: Event, prev: str, key: bytes) -> Row:
    """An event as a row of the log."""
    wall, boot, boot_id = event.reading
    body = canonical(
        {
            "seq": event.seq,
            "kind": event.kind,
            "data": event.data,
            "clock": {"wall": wall, "boot": boot, "boot_id": boot_id},
            "prev": prev,
        }
    )
    return Row(event.seq, body, digest(body), mac(key, digest(body)))


def unpack(body: bytes) -> tuple[Event, str]:
    """An event and the hash of the one before. Raises: ValueError, KeyError, TypeError."""
    fields = json.loads(body)
    clock = fields["clock"]
    reading = Reading(int(clock["wall"]), int(clock["boot"]), str(clock["boot_id"]))
    return Event(fields["seq"], fields["kind"], fields["data"], reading), fields["prev"]


def verify(
    rows: Sequence[Row],
    blob: Callable[[str], bytes | None],
    seal: Seal,
    key: bytes | None = None,
    anchors: Mapping[int, str] | None = None,
) -> list[str]:
    """What is wrong with a log, one sentence each; an empty list means sound.

    `key` is K(0): without it a rewrite by somebody who could compute the hashes goes unseen.
    `anchors` are codes that were noted outside, by event number: only they show that a whole
    older log was put back. `blob` gives the content with a hash, or None.
    """
    findings: list[str] = []
    prev = START
    for n, row in enumerate(rows, 1):
        findings += (f"Event {n}: {what}." for what in _faults(n, row, prev, blob))
        if key is not None:
            if not hmac.compare_digest(mac(key, row.hash).encode(), row.mac.encode()):
                findings.append(f"Event {n}: its seal is not the one that was put on it.")
            key = evolve(key)
        prev = row.hash
    if seal.number != len(rows):
        findings.append(f"The end: {seal.number} events were sealed, {len(rows)} are here.")
    elif key is not None and not hmac.compare_digest(seal.key, key):
        findings.append("The end: the key does not follow from the last event; the tail was cut.")
    for seq, code in (anchors or {}).items():
        if not 0 < seq <= len(rows) or not code or not rows[seq - 1].hash.startswith(code):
            findings.append(f"Event {seq}: its code is not {code}, which was noted at the time.")
    return findings


def _faults(n: int, row: Row, prev: str, blob: Callable[[str], bytes | None]) -> Iterator[str]:
    if digest(row.body) != row.hash:
        yield "its text does not match its hash"
    try:
        event, before = unpack(row.body)
        same = canonical(json.loads(row.body)) == row.body
        files = event.data.get("manifest", {}).items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield "it cannot be read"
        return
    if not same:
        yield "it is not written in the one way in which events are written"
    if (row.seq, event.seq) != (n, n):
        yield f"it carries the number {row.seq}/{event.seq}"
    if before != prev:
        yield "it does not follow the event before it"
    for path, sha in files:
        content = blob(sha)
        if content is None or digest(content) != sha:
            yield f"the content of {path} is missing or changed"
