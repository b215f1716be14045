from __future__ import annotations

from math import inf, nan

import pytest

from grader.model import Array
from grader.report.grid import as_grid, as_pair, crop, number


def array(shape: tuple[int, ...], values: list[float | None], dtype: str = "float32") -> Array:
    return Array(shape=shape, dtype=dtype, values=values)


def texts(grid) -> list[tuple[str, list[str]]]:
    return [(row.label, [cell.text for cell in row.cells]) for row in grid.rows]


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.123456, "float32", "0.1235"),
        (3.0, "torch.int64", "3"),
        (1.0, "bool", "True"),
        (nan, "int64", "nan"),
        (-inf, "float16", "-inf"),
        (None, "float32", "none"),
    ],
)
def test_a_number_is_written_as_its_dtype_is(value, dtype, text):
    assert number(value, dtype) == text


def test_leading_axes_are_stacked_and_labelled():
    grid = as_grid(array((2, 1, 2), [1, 2, 3, 4]))
    assert grid.caption == "float32 (2, 1, 2)"
    assert texts(grid) == [("[0, 0]", ["1", "2"]), ("[1, 0]", ["3", "4"])]


def test_a_scalar_is_one_cell_and_can_differ():
    grid = as_grid(array((), [2.5]), at=())
    assert grid.caption == "float32 scalar"
    assert grid.rows[0].cells[0].differs


def test_a_long_vector_goes_on_in_the_next_row():
    assert texts(as_grid(array((6,), [0, 1, 2, 3, 4, 5]))) == [
        ("[0]", ["0", "1", "2", "3"]),
        ("[4]", ["4", "5"]),
    ]


@pytest.mark.parametrize(
    ("shape", "values", "caption"),
    [
        ((9, 9), [], "float32 (9, 9), too large to show"),
        ((0, 3), [], "float32 (0, 3), empty"),
        ((9, 9), [1.0, 2.0], "float32 (9, 9), the first 2 values"),
        ((2,), [1.0, 2.0, 3.0], "float32 (2,), too large to show"),
    ],
)
def test_what_is_not_shown_is_said(shape, values, caption):
    assert as_grid(array(shape, values)).caption == caption


def test_an_input_that_is_a_transposed_view_says_so():
    given = array((2, 2), [1, 2, 3, 4]).model_copy(update={"transposed": True})
    assert as_grid(given).caption == "float32 (2, 2), transposed in memory"


def test_both_sides_get_the_digits_that_tell_them_apart():
    pair = as_pair(array((2,), [1, 0.1234567]), array((2,), [1, 0.1234569]), (1,))
    assert [grid.rows[0].cells[1].text for grid in pair.values()] == ["0.1234567", "0.1234569"]


def test_a_difference_outside_of_one_side_is_marked_on_the_other():
    pair = as_pair(array((3,), [1, 2, 3]), array((2,), [1, 2]), (2,))
    marked = {name: [cell.differs for cell in grid.rows[0].cells] for name, grid in pair.items()}
    assert marked == {"expected": [False, False, True], "got": [False, False]}


@pytest.mark.parametrize("at", [(0, 0), (0, 15), (3, 7), (2, 11)])
def test_cropping_keeps_the_marked_cell_and_says_what_is_cut(at):
    grid = crop(as_grid(array((4, 16), list(range(64))), at), 3)
    cells = [cell for row in grid.rows for cell in row.cells]
    assert [cell.text for cell in cells if cell.differs] == [str(16 * at[0] + at[1])]
    assert max(len(row.cells) for row in grid.rows) <= 5
    assert len([row for row in grid.rows if row.cells]) == 3
    assert any(cell.text == "..." for cell in cells)


def test_a_small_grid_is_not_cropped():
    grid = as_grid(array((2, 2), [1, 2, 3, 4]))
    assert crop(grid, 8) == grid
