"""The class as a table: `learner,factor,minutes`, from whatever program wrote it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from grader.exam.ticket import LEARNER
from grader.model import UsageError
from grader.sitting.exam import Accommodation

COLUMNS = ("learner", "factor", "minutes")
MAX_BYTES = 1 << 20


def read(path: Path) -> dict[str, Accommodation]:
    """Each learner with the accommodation, in order of the file.

    Commas, semicolons or tabs; a mark of UTF-8 at the start or none. Raises: UsageError with the
    line of whatever is wrong.
    """
    found: dict[str, Accommodation] = {}
    taken: dict[str, int] = {}
    for line, row in table(path, COLUMNS):
        where = f"{path.name} line {line}"
        learner = unicodedata.normalize("NFC", row["learner"])
        if not re.fullmatch(LEARNER, learner) or learner.endswith("."):
            raise UsageError(
                f"{where}: `{learner}` cannot name a file; use letters, digits and . _ @ + -"
            )
        if (first := taken.setdefault(learner.casefold(), line)) != line:
            raise UsageError(f"{where}: {learner} stands in line {first} already; remove one.")
        found[learner] = _accommodation(row, where)
    if not found:
        raise UsageError(f"{path.name} names no learner; write one in each line.")
    return found


def _accommodation(row: dict[str, str], where: str) -> Accommodation:
    given = {name: row[name].replace(",", ".") for name in COLUMNS[1:] if row[name]}
    try:
        return Accommodation.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = first["loc"][0]
        raise UsageError(
            f"{where}: {name} `{row[str(name)]}`: {first['msg']}; write a factor from 1 to 4, and"
            " whole minutes up to 240."
        ) from None


def table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row; the first column is needed, the others are empty where absent.

    Raises: UsageError where the file is no such table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    try:
        text = content[: MAX_BYTES + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8; save it as CSV UTF-8.") from None
    if len(content) > MAX_BYTES or "\0" in text:
        raise UsageError(f"{path.name} is no table of at most 1 MiB; name a CSV file.")
    head = text.lstrip().split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=mark, strict=True, skipinitialspace=True
    )
    try:
        yield from _rows(rows, path.name, columns)
    except csv.Error as error:
        raise UsageError(f"{path.name} line {rows.line_num}: {error}; mend the quotes.") from None


def _rows(
    rows: Iterator[list[str]], name: str, columns: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    names: list[str] = []
    for cells in rows:
        line = rows.line_num  # type: ignore[attr-defined]
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if not names:
            names = [cell.lower() for cell in cells]
            if columns[0] not in names or set(names) - set(columns) or len(set(names)) < len(names):
                raise UsageError(
                    f"{name} line {line}: the columns are {', '.join(columns)}; the first line"
                    f" names them, and {columns[0]} is needed."
                )
        elif len(cells) > len(names) or not dict(zip(names, cells, strict=False))[columns[0]]:
            raise UsageError(f"{name} line {line}: not {', '.join(names)}; mend that line.")
        else:
            yield line, dict.fromkeys(columns, "") | dict(zip(names, cells, strict=False))
