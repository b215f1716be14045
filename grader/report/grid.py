"""Tensors as small grids of text, with the cell of the first difference marked."""

from __future__ import annotations

from itertools import product
from math import isfinite, prod
from typing import NamedTuple, TypeVar

from grader.model import Array

T = TypeVar("T")

MOST_DIGITS = 17
"""Enough to tell any two float64 numbers apart."""
FOLD = 4
"""Vectors longer than this go on in the next row, so that none is wider than a phone."""


class Cell(NamedTuple):
    """One number as text."""

    text: str
    differs: bool = False
    """This is the first difference."""


class Row(NamedTuple):
    """Cells along the last axis."""

    label: str
    """Index where the row begins: `[0, 1]`; empty where there is only one row."""
    cells: tuple[Cell, ...]


class Grid(NamedTuple):
    """A tensor as text."""

    caption: str
    """dtype and shape, and what else is to be known: `float32 (2, 3)`."""
    rows: tuple[Row, ...] = ()


def number(value: float | None, dtype: str = "float64", digits: int = 4) -> str:
    """A number as its dtype is written: `True`, `7`, `0.1235`, `nan`."""
    if value is None:
        return "none"
    if isfinite(value) and "bool" in dtype:
        return str(bool(value))
    if isfinite(value) and "int" in dtype:
        return str(int(value))
    return f"{value:.{digits}g}"


def as_grid(array: Array, at: tuple[int, ...] | None = None, digits: int = 4) -> Grid:
    """Rows run along the last axis; the leading axes are stacked and labelled."""
    caption = f"{array.dtype.removeprefix('torch.')} {array.shape or 'scalar'}"
    caption += ", transposed in memory" * array.transposed
    count = prod(array.shape)
    if not array.values or len(array.values) > count:
        return Grid(caption + (", too large to show" if count else ", empty"))
    shape = array.shape
    if len(array.values) < count:
        caption += f", the first {len(array.values)} values"
        shape = (len(array.values),)
        at = None
    indices = list(product(*map(range, shape)))
    cells = [
        Cell(number(value, array.dtype, digits), index == at)
        for index, value in zip(indices, array.values, strict=True)
    ]
    return Grid(caption, _rows(cells, indices, shape))


def as_pair(
    expected: Array | None, got: Array | None, at: tuple[int, ...] | None
) -> dict[str, Grid]:
    """Grids of both sides, with enough digits that the first difference can be seen."""
    digits = 4
    if expected and got and at is not None:
        needed = (d for d in range(4, MOST_DIGITS + 1) if _tells(expected, got, at, d))
        digits = next(needed, 4)
        digits += digits > 4  # 0.665241 and 0.665248 rather than 0.66524 and 0.66525
    sides = {"expected": expected, "got": got}
    return {name: as_grid(array, at, digits) for name, array in sides.items() if array}


def crop(grid: Grid, size: int) -> Grid:
    """At most `size` rows and columns, around the marked cell; what is cut reads `...`."""
    marked = next(
        (
            (r, c)
            for r, row in enumerate(grid.rows)
            for c, cell in enumerate(row.cells)
            if cell.differs
        ),
        (0, 0),
    )
    rows = [Row(row.label, _cut(row.cells, marked[1], size, Cell("..."))) for row in grid.rows]
    return grid._replace(rows=_cut(tuple(rows), marked[0], size, Row("...", ())))


def _rows(
    cells: list[Cell], indices: list[tuple[int, ...]], shape: tuple[int, ...]
) -> tuple[Row, ...]:
    width = shape[-1] if shape else 1
    if len(shape) == 1:
        width = min(width, FOLD)
    labelled = len(shape) > 1 or len(cells) > width
    starts = range(0, len(cells), width)
    labels = [indices[start][: max(1, len(shape) - 1)] for start in starts]
    return tuple(
        Row(str(list(label)) if labelled else "", tuple(cells[start : start + width]))
        for label, start in zip(labels, starts, strict=True)
    )


def _cut(items: tuple[T, ...], centre: int, size: int, gap: T) -> tuple[T, ...]:
    start = max(0, min(centre - size // 2, len(items) - size))
    stop = start + size
    before = (gap,) if start else ()
    after = (gap,) if stop < len(items) else ()
    return before + items[start:stop] + after


def _tells(expected: Array, got: Array, at: tuple[int, ...], digits: int) -> bool:
    """Whether the cells at `at` read differently when written with so many digits."""
    texts = [
        [cell.text for row in as_grid(side, at, digits).rows for cell in row.cells if cell.differs]
        for side in (expected, got)
    ]
    return texts[0] != texts[1]
