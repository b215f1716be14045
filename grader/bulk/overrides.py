"""Points that a person gives in place of the grader's: records beside records, never an edit.

    overrides/20261121T090000.000000Z-5f0c9a1e.json    one decision each, never changed

Of several about the same work the newest holds, until the day after it expires.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex

from pydantic import Field

from grader.model import Frozen, GraderFault
from grader.wholefile import write_new

Key = tuple[str, str]
"""Learner and exercise."""


class Override(Frozen):
    """One decision."""

    learner: str
    exercise: str
    score: float = Field(ge=0, allow_inf_nan=False)
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date | None = None
    """The last day on which it counts, UTC."""

    def counts(self, today: date) -> bool:
        """Whether it has not expired."""
        return self.expires is None or today <= self.expires


class Overrides:
    """The decisions in one folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "overrides"

    def give(self, override: Override) -> None:
        """Add one. Raises: GraderFault where it cannot be written."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{token_hex(4)}.json"
        self._add(name, override.model_dump_json(indent=2) + "\n")

    def newest(self) -> dict[Key, Override]:
        """What was decided last about each work, expired or not. Raises: GraderFault."""
        found = (_read(path) for path in sorted(self.folder.glob("*.json")))
        return {(each.learner, each.exercise): each for each in found}

    def take(self, other: Overrides) -> None:
        """Copy the decisions of another folder that are not here yet. Raises: GraderFault."""
        for path in sorted(other.folder.glob("*.json")):
            if not (self.folder / path.name).exists():
                self._add(path.name, _read(path).model_dump_json(indent=2) + "\n")

    def _add(self, name: str, text: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_new(self.folder / name, text)
        except OSError as error:
            raise GraderFault(
                f"the override was not kept, {self.folder.parent.name} cannot be written:"
                f" {error.strerror}. Free some space or make the folder writable, and repeat it."
            ) from None


def today() -> date:
    """The day on which overrides are looked at, in UTC, the same on every machine."""
    return datetime.now(UTC).date()


def _read(path: Path) -> Override:
    try:
        return Override.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise GraderFault(
            f"overrides/{path.name} is damaged; restore it from a copy, or move it away and give"
            " the override again."
        ) from None
