"""Who handed in what, by the names that learning platforms give to the files that they export.

DIR/<learner>/ or DIR/<learner>.zip              a tree, open or packed
DIR/submission_metadata.yml, DIR/submission_7/   Gradescope; who it is stands in the first
DIR/doejane_LATE_123_456_softmax-1.py            Canvas; -1 is the first resubmission
DIR/First Last_123_assignsubmission_file/        Moodle
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, NamedTuple

import yaml

from grader.model import UsageError

METADATA = "submission_metadata.yml"
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<user>\d+)_\d+_(?P<file>.+)", re.S)
AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d+)", re.S)
MOODLE = re.compile(r"(?P<learner>.+_\d+)_assignsubmission_(?P<kind>[a-z]+)_?", re.S)
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PASSED_OVER = {"__MACOSX", "__pycache__"}


class Handed(NamedTuple):
    """What one learner handed in at once."""

    learner: str
    things: dict[PurePosixPath, Path]
    """Files, folders and archives, by their names below the learner's folder."""
    at: str = ""
    """When, as the platform says it; most do not."""


def text(name: str) -> str:
    """A name of a file as text that can be stored and compared: NFC, without broken bytes."""
    whole = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", whole).strip()


def is_shown(name: str) -> bool:
    """Whether somebody may have handed it in: no hidden file, and none that a system adds."""
    return not name.startswith(".") and name not in PASSED_OVER


def handed(folder: Path) -> Iterator[Handed]:
    """All that was handed in; a learner who comes twice handed in twice.

    Raises: UsageError where the folder, or Gradescope's list of names, cannot be read.
    """
    try:
        entries = sorted(each for each in folder.iterdir() if is_shown(each.name))
    except OSError as error:
        raise UsageError(f"{folder.name} cannot be read: {error.strerror}.") from None
    known = _gradescope(folder / METADATA) if folder / METADATA in entries else {}
    uploads: dict[str, dict[PurePosixPath, tuple[int, Path]]] = {}
    for entry in entries:
        if entry.is_dir():
            people, at = known.get(entry.name, ([_moodle(entry.name)], ""))
            for learner in people:
                if learner:
                    yield Handed(learner, {PurePosixPath(): entry}, at)
        elif found := CANVAS.fullmatch(text(entry.name)):
            learner = f"{found['name']}_{found['user']}"
            name, number = _resubmission(PurePosixPath(found["file"]))
            mine = uploads.setdefault(learner, {})
            if number >= mine.get(name, (0, entry))[0]:
                mine[name] = number, entry
        elif entry.suffix.lower() == ".zip":
            yield Handed(text(entry.stem), {PurePosixPath(): entry})
    for learner, mine in uploads.items():
        yield Handed(learner, {name: path for name, (_, path) in mine.items()})


def _resubmission(name: PurePosixPath) -> tuple[PurePosixPath, int]:
    """`softmax-2.py` is the second resubmission of `softmax.py`."""
    found = AGAIN.fullmatch(name.stem)
    if found is None:
        return name, 0
    return name.with_name(found["stem"] + name.suffix), int(found["number"][:9])


def _moodle(name: str) -> str:
    """The learner of a folder; none where it holds no files but a text typed in a browser."""
    found = MOODLE.fullmatch(text(name))
    if found is None:
        return text(name)
    return found["learner"] if found["kind"] == "file" else ""


def _gradescope(path: Path) -> dict[str, tuple[list[str], str]]:
    """The learners of each folder, by student number, else address, else name; and the time."""
    wrong = f"{path.name} is no list of submissions as Gradescope writes it; export it again."
    try:
        with path.open("rb") as file:
            data = yaml.load(file, _Ruby)
        return {
            str(folder): (
                [_person(each) or str(folder) for each in one[":submitters"]],
                str(one.get(":created_at") or ""),
            )
            for folder, one in data.items()
            if one.get(":submitters")
        }
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        raise UsageError(wrong) from None
    except RecursionError:
        raise UsageError(wrong) from None


def _person(one: dict[str, Any]) -> str:
    known = [one.get(f":{key}") for key in ("sid", "email", "name")]
    return text(next((str(each) for each in known if each), ""))


class _Ruby(FAST):  # type: ignore[misc, valid-type]
    """Reads dates as text, and passes over objects of Ruby but for a time's `utc`."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


def _time(loader: yaml.SafeLoader, node: yaml.MappingNode) -> object:
    return loader.construct_mapping(node).get("utc")


_Ruby.add_constructor("!ruby/object:ActiveSupport::TimeWithZone", _time)
_Ruby.add_multi_constructor("!ruby/", lambda *_: None)
