"""The three exercises, their checks and twenty submissions, in the format of each tool.

A submission is three answers of one learner. otter-grader and nbgrader get them in one notebook, so
that they start one kernel and import torch once for all three. The text of the checks is the same
everywhere: `check_*(submission)`, where `submission.softmax` is a function, ours through the box,
theirs the one in the notebook.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import nbformat
from nbformat import NotebookNode

from grader import catalogue
from grader.model import Exercise

COURSE = Path(__file__).parent / "course"
LEARNERS = 20
ASSIGNMENT = "three"
SPACE = "from types import SimpleNamespace\n\nsubmission = SimpleNamespace(**globals())\n"


class Learner(NamedTuple):
    """A learner and the three answers, by the names of the exercises."""

    name: str
    answers: dict[str, str]


def exercises() -> tuple[Exercise, ...]:
    """The three."""
    return catalogue.load(COURSE).exercises


def learners(count: int = LEARNERS) -> list[Learner]:
    """No two of the twenty alike; the first is right everywhere, every fifth answer is.

    Args: count, of learners; from the twenty-first on they differ in a comment.
    """
    texts = []
    for exercise in exercises():
        paths = [exercise.reference, *(each.path for each in catalogue.mistakes(exercise))]
        texts.append([catalogue.source(exercise, path) for path in paths])
    found = []
    for n in range(count):
        picks = (n % 5, (n + n // 5) % 5, (2 * n + n // 5) % 5)
        answers = {
            exercise.slug: each[pick] + f"# {n}\n" * (n >= LEARNERS)
            for exercise, each, pick in zip(exercises(), texts, picks, strict=True)
        }
        found.append(Learner(f"learner{n:03}", answers))
    return found


def checks(exercise: Exercise) -> tuple[str, list[str]]:
    """The text of its checks, and their names."""
    text = (exercise.solution / "checks.py").read_text("utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return text, [each.name for each in functions if each.name.startswith("check_")]


def write_ours(folder: Path, count: int = LEARNERS) -> None:
    """A folder for each learner with three files."""
    for name, answers in learners(count):
        for slug, text in answers.items():
            path = folder / name / f"{slug}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


def write_otter(folder: Path) -> None:
    """autograder.zip, as `otter generate` makes it, and a notebook for each learner."""
    folder.mkdir(parents=True)
    with ZipFile(folder / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", '{"print_summary": false}')
        for exercise in exercises():
            archive.writestr(f"tests/{exercise.slug}.py", _otter_test(exercise))
    for name, answers in learners():
        _write(folder / f"{name}.ipynb", [_code(text) for text in answers.values()])


def _otter_test(exercise: Exercise) -> str:
    """A test file of otter's exception-based format, with a case for each check."""
    text, names = checks(exercise)
    head = "from types import SimpleNamespace\n\nfrom otter.test_files import test_case\n\n"
    cases = "".join(
        f'\n\n@test_case(name="{name}", points=1)\ndef case_{name}(env):\n'
        f"    {name}(SimpleNamespace(**env))\n"
        for name in names
    )
    return f'OK_FORMAT = False\nname = "{exercise.slug}"\n{head}{text}{cases}'


def write_nbgrader(folder: Path, some: list[Learner]) -> None:
    """A course folder with the instructor's notebook and the submissions of some learners."""
    source, cells = [], []
    for exercise in exercises():
        stub = (exercise.folder / "stub.py").read_text("utf-8")
        source.append((_cell(exercise.slug, stub, solution=True), exercise.slug))
        text, names = checks(exercise)
        source.append((_cell(f"{exercise.slug}_checks", SPACE + text, locked=True), ""))
        for name in names:
            call = f"{name}(submission)"
            source.append((_cell(f"{exercise.slug}-{name}", call, points=1), ""))
    place = folder / "source" / ASSIGNMENT
    _write(place / "three.ipynb", [cell for cell, _ in source])
    config = "c = get_config()\nc.ExecutePreprocessor.timeout = 120\n"
    config += "c.ClearSolutions.enforce_metadata = False\n"
    (folder / "nbgrader_config.py").write_text(config, "utf-8")
    for name, answers in some:
        cells = [
            _changed(cell, answers[slug]) if slug else _changed(cell, cell.source)
            for cell, slug in source
        ]
        _write(folder / "submitted" / name / ASSIGNMENT / "three.ipynb", cells)


def _cell(
    name: str, text: str, *, solution: bool = False, locked: bool = False, points: int = 0
) -> NotebookNode:
    """A cell with nbgrader's metadata: a solution, a locked one, or a check worth points."""
    cell = _code(text)
    known = {"grade_id": name, "schema_version": 3, "solution": solution, "task": False}
    known |= {"grade": points > 0, "locked": locked or points > 0}
    if points:
        known["points"] = points
    if not solution:
        known["cell_type"] = "code"
    cell.metadata["nbgrader"] = known
    return cell


def _changed(cell: NotebookNode, text: str) -> NotebookNode:
    other = _code(text)
    other.metadata = cell.metadata
    return other


def _code(text: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(text.strip())


def _write(path: Path, cells: list[NotebookNode]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.from_dict(dict(cell)) for cell in cells])
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, path)
