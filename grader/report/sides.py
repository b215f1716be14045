"""A counterexample for the terminal: the call, its inputs, and two tensors side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.text import Text

from grader.model import Array, Counterexample
from grader.report import wording
from grader.report.grid import Grid, Row, as_grid, as_pair, crop

COLUMNS = 80
BODY = COLUMNS - 11
"""Columns that are left beside mark and word."""
GAP = 4
"""Columns between two tensors."""
SIDE = 8
"""Most rows and columns of a tensor."""
BAD, QUIET = "bold red", "dim"


def counterexample(found: Counterexample) -> Iterator[Text]:
    """The smallest call for which a claim does not hold; its texts must be plain already."""
    if found.call:
        yield Text.assemble("call: ", (wording.shorten(found.call), "bold"))
    yield from _beside([_input(name, value) for name, value in found.inputs.items()])
    sides = as_pair(found.expected, found.got, found.at)
    yield from _beside([_block(name, grid) for name, grid in sides.items()])
    if found.at:
        yield Text(f"first difference at {list(found.at)}")
    if error := wording.errors(found):
        yield Text(error)


def _input(name: str, value: Array | str) -> list[Text]:
    if isinstance(value, str):
        return [Text.assemble((name, "bold"), f" = {wording.shorten(value, 200, 1)}")]
    return _block(name, as_grid(value))


def _beside(blocks: list[list[Text]]) -> Iterator[Text]:
    """Blocks side by side, as many as fit, then the next ones below."""
    group: list[list[Text]] = []
    for block in blocks:
        if group and sum(_width(each) + GAP for each in group) + _width(block) > BODY:
            yield from _joined(group)
            group = []
        group.append(block)
    yield from _joined(group)


def _joined(blocks: list[list[Text]]) -> Iterator[Text]:
    for lines in zip_longest(*blocks, fillvalue=Text()):
        joined = Text()
        for block, line in zip(blocks, lines, strict=True):
            joined.append_text(line).append(" " * (_width(block) + GAP - line.cell_len))
        joined.rstrip()
        yield joined


def _width(block: list[Text]) -> int:
    return max(line.cell_len for line in block)


def _block(name: str, grid: Grid) -> list[Text]:
    """A name and a tensor in aligned columns; the first difference stands in >brackets<."""
    title = Text.assemble((name, "bold"), "  ", (grid.caption, QUIET))
    return next(
        (block for size in range(SIDE, 0, -1) if _fits(block := [title, *_lines(grid, size)])),
        [title],
    )


def _fits(block: list[Text]) -> bool:
    return _width(block) <= BODY


def _lines(grid: Grid, size: int) -> list[Text]:
    rows = crop(grid, size).rows
    columns = zip_longest(*(row.cells for row in rows))
    widths = [max(len(cell.text) for cell in column if cell) + 1 for column in columns]
    label = max((len(row.label) for row in rows), default=0)
    return [_line(row, widths, label) for row in rows]


def _line(row: Row, widths: list[int], label: int) -> Text:
    line = Text("  " + row.label.ljust(label))
    for cell, width in zip(row.cells, widths, strict=False):
        text = f">{cell.text}<" if cell.differs else f" {cell.text} "
        line.append(" " + text.rjust(width + 1), BAD if cell.differs else "")
    return line
