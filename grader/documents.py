"""YAML and CSV of people as plain data, with the line of every entry for messages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from grader.model import UsageError

MAX_BYTES = 1 << 16
MAX_TABLE = 1 << 20
MAX_DEPTH = 6
PLAIN = {"str", "int", "float", "bool", "null", "seq", "map"}
DATE = "tag:yaml.org,2002:timestamp"
SHALLOW = 1 << 12
"""Bytes that cannot be nested so deep that the loader in C overflows its stack (20,000 can)."""
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Lines = dict[tuple[str | int, ...], int]
ESCAPED = re.compile(r"^'([=+\-@＝＋－＠])")
Noun = TypeVar("Noun", bound=BaseModel)


def read_yaml(content: bytes, name: str, *, dates: bool = False) -> tuple[Any, Lines]:
    """Parse a small YAML file into str, int, float, bool, None, lists and dicts.

    Args: dates, whether they may be there; they are text.
    Returns the data and the line of each path, as in `{("limits", "cpu_s"): 5}`.
    Raises: UsageError with file name and line: not UTF-8, over 64 KiB, nested deeper than 6,
    a key twice, an alias, a tag, or a syntax error.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name}: {len(content):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{name} line {line}: not UTF-8; save the file as UTF-8.") from None
    try:
        loader = FAST if len(content) <= SHALLOW else yaml.SafeLoader
        node = yaml.compose(text, _dated(loader) if dates else loader)
        lines: Lines = {}
        if node is None:
            return None, lines
        _walk(node, (), lines, name, set())
        return yaml.constructor.SafeConstructor().construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name} line {mark.line + 1}" if mark else name
        raise UsageError(f"{where}: {error.problem}; correct the YAML there.") from None
    except RecursionError:
        raise UsageError(f"{name}: nested more than {MAX_DEPTH} deep.") from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{name}: not valid YAML ({what}).") from None


def _dated(loader: type[yaml.SafeLoader]) -> type[yaml.SafeLoader]:
    """The same loader, to which a date is text like any other."""
    known = loader.yaml_implicit_resolvers
    plain = {mark: [one for one in kinds if one[0] != DATE] for mark, kinds in known.items()}
    return type("Dated", (loader,), {"yaml_implicit_resolvers": plain})


def _walk(
    node: yaml.Node, path: tuple[str | int, ...], lines: Lines, name: str, seen: set[int]
) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if id(node) in seen or node.tag.rsplit(":", 1)[-1] not in PLAIN:
        raise UsageError(
            f"{name} line {line}: aliases, tags and dates are not used; write plainly."
        )
    seen.add(id(node))
    if len(path) > MAX_DEPTH:
        raise UsageError(f"{name} line {line}: nested more than {MAX_DEPTH} deep.")
    if isinstance(node, yaml.ScalarNode):
        node.value.encode()  # an escape may spell half a character, which nothing can print
    if isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            _walk(child, (*path, i), lines, name, seen)
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            _walk(key, path, lines, name, seen)
            below = (*path, str(key.value))
            if below in lines:
                raise UsageError(
                    f"{name} line {key.start_mark.line + 1}: `{key.value}` stands here twice."
                )
            lines[below] = key.start_mark.line + 1
            _walk(child, below, lines, name, seen)


def line_of(path: tuple[str | int, ...], lines: Lines) -> int:
    """The line of an entry, else of the nearest one around it."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 1)


def validate(noun: type[Noun], data: Any, lines: Lines, name: str, **given: Any) -> Noun:
    """Build a noun from parsed YAML. Raises: UsageError listing every wrong field with its line."""
    if not isinstance(data, dict):
        raise UsageError(f"{name}: expected `key: value` lines, got {type(data).__name__}.")
    try:
        return noun.model_validate({**data, **given})
    except ValidationError as error:
        problems = []
        for each in error.errors():
            path = tuple(each["loc"])
            field = ".".join(str(part) for part in path)
            problems.append(f"line {line_of(path, lines)}: {field}: {each['msg']}")
        raise UsageError(f"{name} " + "; ".join(problems)) from None


def table(
    path: Path, columns: tuple[str, ...], *, more: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row; the first column is needed, the others are empty where absent.

    Commas, semicolons or tabs; a mark of UTF-8 at the start or none. The apostrophe that our own
    tables put before a formula is taken off again.

    Args: more, whether other columns may be there too; then all are given, and none is needed.

    Raises: UsageError where the file is no such table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from None
    try:
        text = content[: MAX_TABLE + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8; save it as CSV UTF-8.") from None
    if len(content) > MAX_TABLE or "\0" in text:
        raise UsageError(f"{path.name} is no table of at most 1 MiB; name a CSV file.")
    head = text.lstrip().split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=mark, strict=True, skipinitialspace=True
    )
    try:
        yield from _rows(rows, path.name, columns, more)
    except csv.Error as error:
        raise UsageError(f"{path.name} line {rows.line_num}: {error}; mend the quotes.") from None


def _rows(
    rows: Iterator[list[str]], name: str, columns: tuple[str, ...], more: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    names: list[str] = []
    for cells in rows:
        line = rows.line_num  # type: ignore[attr-defined]
        cells = [ESCAPED.sub(r"\1", cell.strip()) for cell in cells]
        if not any(cells):
            continue
        if not names:
            names = [cell.lower() for cell in cells]
            wrong = columns[0] not in names or set(names) - set(columns)
            if (wrong or len(set(names)) < len(names)) and not more:
                raise UsageError(
                    f"{name} line {line}: the columns are {', '.join(columns)}; the first line"
                    f" names them, and {columns[0]} is needed."
                )
            continue
        row = dict(zip(names, cells, strict=False))
        if len(cells) > len(names) or not (more or row.get(columns[0])):
            raise UsageError(f"{name} line {line}: not {', '.join(names)}; mend that line.")
        yield line, dict.fromkeys(columns, "") | row
