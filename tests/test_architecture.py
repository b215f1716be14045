"""The table of docs/architecture.md, held: each module imports only what stands below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GRADER = ROOT / "grader"

BELOW = {
    "model": set(),
    "wire": set(),
    "oracle": set(),
    "meter": set(),
    "wholefile": set(),
    "worker": {"meter", "wire"},
    "processes": set(),
    "zygote": {"worker", "processes"},
    "rules": {"model"},
    "report": {"model"},
    "ledger": {"model", "wholefile"},
    "similar": {"report"},
    "documents": {"model"},
    "bubblewrap": {"model"},
    "datafiles": {"model"},
    "data": {"model", "datafiles"},
    "pretraining": {"data", "oracle"},
    "pretrained": {"model", "datafiles", "data"},
    "answers": {"model", "documents"},
    "edits": {"model"},
    "folder": {"model", "documents"},
    "catalogue": {"model", "documents", "edits", "folder"},
    "printed": set(),
    "box": {"model", "bubblewrap", "printed"},
    "warm": {"model", "box", "pretrained"},
    "proxy": {"wire", "box"},
    "counterexample": {"model", "proxy", "wire"},
    "mistakes": {"model", "box", "proxy", "catalogue", "answers"},
    "selfcheck": {"model", "box", "proxy"},
    "personal": {"model"},
    "notebook": {"model"},
    "workspace": {"model", "catalogue", "folder", "notebook", "ledger"},
    "magic": set(),
    "watching": {"model", "box", "engine", "folder", "ledger", "lending", "warm", "workspace"},
    "lending": {"model", "answers", "box", "proxy"},
    "judging": {"model", "box", "proxy"},
    "rubric": {"model", "documents", "folder", "catalogue", "oracle"},
    "checking": {
        *("model", "box", "proxy", "judging", "answers", "counterexample", "mistakes"),
        *("lending", "personal", "catalogue", "session", "folder"),
    },
    "session": {"model"},
    "engine": {
        *(
            "model",
            "box",
            "rules",
            "data",
            "checking",
            "lending",
            "personal",
            "catalogue",
            "folder",
        ),
        *("answers", "mistakes", "rubric", "pretrained", "warm"),
    },
    "sitting": {"model", "documents"},
    "bank": {
        *("model", "documents", "edits", "folder", "engine", "box", "personal", "oracle"),
        *("proxy", "meter", "warm"),
    },
    "exam": {
        "bank",
        "edits",
        *("model", "documents", "sitting", "engine", "box", "catalogue", "rules", "data", "report"),
        *("answers", "lending", "personal", "oracle", "checking", "proxy", "mistakes", "ledger"),
        *("meter", "similar", "wholefile"),
    },
    "bulk": {
        *("model", "box", "catalogue", "notebook", "engine", "lending", "ledger", "report"),
        *("folder", "documents", "similar", "warm", "wholefile"),
    },
    "authoring": {"model", "box", "catalogue", "engine", "rubric", "warm"},
}
FREE = {"cli", "__main__", "__init__", "template"}


def files_of(name: str) -> list[Path]:
    package = GRADER / name
    return sorted(package.glob("*.py")) if package.is_dir() else [GRADER / f"{name}.py"]


def imports(path: Path) -> set[str]:
    """The modules of ours that a file imports, at any depth of nesting."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "grader":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("grader.")}
    return found - {"__version__"}


@pytest.mark.parametrize("name", sorted(BELOW))
def test_a_module_imports_only_what_stands_below_it(name):
    for path in files_of(name):
        above = imports(path) - BELOW[name] - {name}
        assert not above, f"{path.name} imports {sorted(above)}; it may import {BELOW[name]}"


def test_the_table_names_every_module():
    there = {path.stem for path in GRADER.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there - FREE - {"__pycache__"} == set(BELOW)


def test_the_table_has_no_circle():
    done: set[str] = set()
    while left := {name for name in BELOW if name not in done}:
        ready = {name for name in left if BELOW[name] <= done}
        assert ready, f"a circle among {sorted(left)}"
        done |= ready


def test_only_the_zygote_and_what_it_needs_are_mounted_in_the_box():
    from grader import bubblewrap

    needed = {"meter.py", "processes.py", "wire.py", "worker.py", "zygote.py"}
    assert set(bubblewrap.FILES) == needed | {"__init__.py"}


def test_no_exercise_is_named_in_the_engine():
    """Names of two words or more; a single word such as `resume` may mean other things too."""
    slugs = [path.parent.name for path in (ROOT / "exercises").glob("*/*/exercise.yaml")]
    names = [slug for slug in slugs if "_" in slug]
    assert names
    for path in GRADER.rglob("*.py"):
        if "cli" in path.parts:  # its help shows real names
            continue
        text = path.read_text("utf-8")
        assert not [name for name in names if name in text], path.name


@pytest.mark.parametrize("path", sorted(GRADER.rglob("*.py")), ids=lambda p: p.stem)
def test_files_stay_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= 330


def test_nothing_unpickles_or_evaluates():
    banned = {"pickle", "marshal", "shelve", "eval"}
    for path in GRADER.rglob("*.py"):
        if path.parent.name == "rules":  # it names what it forbids
            continue
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not (names | imports_all(tree)) & banned, path.name


def imports_all(tree: ast.AST) -> set[str]:
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Import)]
    return {alias.name.split(".")[0] for node in nodes for alias in node.names}
