"""The class as a table: `learner,factor,minutes`, from whatever program wrote it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from pydantic import ValidationError

from grader.documents import table
from grader.exam.ticket import LEARNER
from grader.model import UsageError
from grader.sitting.exam import Accommodation

COLUMNS = ("learner", "factor", "minutes")


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
