"""A whole sitting as one text file that can be handed in: a line of JSON for each row.

    {"bundle":1,"number":2,"key":"..."}                        the seal, the key in base64
    {"body":"...","hash":"...","mac":"...","seq":1}           an event, its body in base64
    {"sha":"...","z":"..."}                                   a file: zlib, then base64

Whoever imports one reads text and fills a new log: a database from elsewhere is never opened.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from grader.model import GraderFault
from grader.sitting.chain import Row, Seal, canonical
from grader.sitting.log import Contents, Log
from grader.sitting.state import Refused

MAX_LINE = 2 << 20
MAX_BUNDLE = 64 << 20


def write(log: Log, path: Path) -> None:
    """Put a log into a bundle, damaged or not: what is wrong with it is for `verify` to say.

    Raises: Refused where the file exists, GraderFault where it cannot be written.
    """
    rows, blobs, seal = log.contents()
    lines: list[dict[str, Any]] = [{"bundle": 1, "number": seal.number, "key": _text(seal.key)}]
    lines += ({**row._asdict(), "body": _text(row.body)} for row in rows)
    lines += ({"sha": sha, "z": _text(z)} for sha, z in blobs.items())
    try:
        with path.open("xb") as file:
            file.writelines(canonical(line) + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise Refused(f"{path.name} exists; choose another name.") from None
    except OSError as error:
        path.unlink(missing_ok=True)
        raise GraderFault(f"{path.name}: {error.strerror}; free some space.") from error


def read(bundle: Path, path: Path) -> Log:
    """Make a new log at `path` from a bundle that anybody may have written.

    Raises: Refused where it is no bundle, is larger than 64 MiB, or `path` exists.
    """
    try:
        contents = _contents(bundle)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Refused(f"{bundle.name} is not a whole bundle; ask for it again.") from None
    try:
        return Log.create(path, contents)
    except GraderFault:
        path.unlink(missing_ok=True)
        raise


def _contents(bundle: Path) -> Contents:
    rows: dict[int, Row] = {}
    blobs: dict[str, bytes] = {}
    with bundle.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_BUNDLE:
            raise ValueError("too large")
        first = json.loads(file.readline(MAX_LINE))
        if first["bundle"] != 1:
            raise ValueError("another version")
        while line := file.readline(MAX_LINE):
            fields = json.loads(line)
            if "seq" in fields:
                row = Row(**{**fields, "body": _bytes(fields["body"])})
                rows[_whole(row.seq)] = row._replace(hash=str(row.hash), mac=str(row.mac))
            else:
                blobs[str(fields["sha"])] = _bytes(fields["z"])
    return Contents(list(rows.values()), blobs, Seal(_whole(first["number"]), _bytes(first["key"])))


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 40:
        raise ValueError("not a whole number")
    return number


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
