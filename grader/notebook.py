"""Exercises as Jupyter notebooks: one cell to answer in, and what is graded of a notebook.

A code cell is graded if it has the tag `answer`, or begins with the comment `# answer`. Where no
cell has either, all code cells are. Cells are taken as text; nothing is run to find them.
"""

from __future__ import annotations

import ast
import re
import warnings

from grader.model import Submission, UsageError

MOST = 32 << 20
"""Bytes of a notebook with its pictures."""
TAG = "answer"
COMMAND = re.compile(r"\s*(%{1,2}\w|!|\?)|.*\?\s*$")
"""A line that only IPython understands, if Python does not."""


def write(slug: str, task: str, stub: str) -> str:
    """A notebook: the task, a cell to answer in, and a cell to grade and try things in."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

    answer = new_code_cell(stub.rstrip("\n"), metadata={"tags": [TAG]})
    attempt = f"# Save first; only the cell above is graded.\n%load_ext grader\n%grade {slug}"
    cells = [new_markdown_cell(task.strip()), answer, new_code_cell(attempt)]
    for number, cell in enumerate(cells):
        cell["id"] = f"{slug[:50]}-{number}".replace("_", "-")  # else drawn at random
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    text: str = writes(new_notebook(cells=cells, metadata={"kernelspec": kernel}))
    return text + "\n"


def read(content: bytes, name: str) -> Submission:
    """The graded cells, joined.

    Raises: UsageError if it is no notebook, or a graded cell holds a notebook command.
    """
    cells = _graded(content, name)
    starts, text = [], ""
    for number, source in cells:
        _refuse_commands(source, f"{name}, cell {number}")
        starts.append(f"line {text.count(chr(10)) + 1} begins cell {number}")
        text += source.rstrip("\n") + "\n"
    note = f"of the graded cells, {', '.join(starts)}" if len(starts) > 1 else ""
    return Submission(name=name, content=text.encode("utf-8", "surrogatepass"), note=note)


def _graded(content: bytes, name: str) -> list[tuple[int, str]]:
    """Number, from 1 among all cells, and text of each graded cell."""
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing cell ids, which nobody must mend
            book = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        code = [(n, c) for n, c in enumerate(book.cells, 1) if c.cell_type == "code"]
        answers = [(n, str(c.source)) for n, c in code if _is_answer(c)]
        return answers or [(n, str(c.source)) for n, c in code]
    except Exception as error:  # nbformat raises what its many readers raise
        reason = (str(error).splitlines() or [""])[0][:100]
        raise UsageError(
            f"{name} is no notebook that can be read ({type(error).__name__}: {reason}); "
            "open it in Jupyter and save it again."
        ) from None


def _is_answer(cell: dict) -> bool:  # type: ignore[type-arg]
    head = cell["source"].lstrip().partition("\n")[0]
    return TAG in cell["metadata"].get("tags", ()) or head.strip().lower() == f"# {TAG}"


def _refuse_commands(source: str, where: str) -> None:
    """A `%magic` or a `!command` is no Python; say so before the parser stumbles over it."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for number, line in enumerate(source.splitlines(), 1):
            if COMMAND.match(line):
                raise UsageError(
                    f"{where}, line {number}: `{line.strip()[:60]}` is a notebook command, and "
                    f"what is graded is plain Python; move it to a cell without the tag `{TAG}`."
                ) from None
