from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE

from grader import catalogue, workspace
from grader.model import UsageError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def course():
    return catalogue.load(COURSE)


@pytest.fixture
def home(tmp_path, course):
    workspace.init(tmp_path / "work", COURSE, course)
    return workspace.Workspace(tmp_path / "work")


def exercise(course, slug="softmax"):
    return catalogue.find(course, slug)


def test_init_writes_a_file_for_each_exercise(home, course):
    for each in course.exercises:
        path = home.folder / each.unit / f"{each.slug}{each.stub.suffix}"
        assert path.read_bytes() == each.stub.read_bytes()
    assert (home.folder / ".gitignore").read_text() == ".grader/\n"
    assert "grade watch" in (home.folder / "README.md").read_text()


def test_init_again_adds_what_is_new_and_touches_nothing_else(home, course):
    file = home.file_of(exercise(course))
    file.write_text("mine")
    (home.folder / "README.md").write_text("my notes")
    home.file_of(exercise(course, "sums")).unlink()
    made = workspace.init(home.folder, COURSE, course)
    assert made.added == ("basics/sums.yaml",)
    assert file.read_text() == "mine" and (home.folder / "README.md").read_text() == "my notes"


def test_init_does_not_add_a_second_file_beside_a_notebook(tmp_path, course):
    workspace.init(tmp_path, COURSE, course, as_notebooks=True)
    made = workspace.init(tmp_path, COURSE, course)
    assert made.added == () and not (tmp_path / "basics/softmax.py").exists()
    assert (tmp_path / "basics/sums.yaml").exists()  # what is answered is no notebook


def test_the_course_itself_is_no_workspace(course, tmp_path):
    with pytest.raises(UsageError, match="this is the course itself"):
        workspace.init(COURSE, COURSE, course)


def test_a_folder_that_cannot_be_written_is_wrong_usage(tmp_path, course):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written"):
        workspace.init(tmp_path / "file" / "work", COURSE, course)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_workspace_is_found_from_below(home, monkeypatch):
    monkeypatch.chdir(home.folder / "basics")
    assert workspace.find().folder == home.folder
    assert workspace.find(home.folder.parent) is None


def test_a_moved_workspace_works(home, course, tmp_path):
    home.folder.rename(tmp_path / "moved")
    moved = workspace.find(tmp_path / "moved" / "basics")
    assert moved.course == COURSE and moved.file_of(exercise(course)).exists()


@pytest.mark.parametrize("content", [b"", b"/nowhere\n", b"\xff\xfe", b"a\0b"])
def test_a_course_that_has_gone_is_named_with_the_way_back(home, content, course):
    (home.state / "course").write_bytes(content)
    with pytest.raises(UsageError, match=r"grade init \. --course DIR"):
        _ = home.course
    workspace.init(home.folder, COURSE, course)
    assert home.course == COURSE


def test_of_several_files_the_one_saved_last_is_graded(home, course):
    beside = home.folder / "softmax.ipynb"
    beside.write_text("{}")
    os.utime(beside, ns=(0, 2 * 10**18))
    assert home.file_of(exercise(course)) == beside
    os.utime(beside, ns=(0, 0))
    assert home.file_of(exercise(course)).name == "softmax.py"


def test_a_deleted_file_is_named_with_the_way_back(home, course):
    home.file_of(exercise(course)).unlink()
    with pytest.raises(UsageError, match=r"no file basics/softmax.py here; `grade init .` makes"):
        home.file_of(exercise(course))


def test_reset_keeps_every_file_it_replaces(home, course):
    each = exercise(course)
    kept = []
    for text in ("first", "second"):
        home.file_of(each).write_text(text)
        path, copy = home.reset(each)
        kept.append(copy)
        assert path.read_bytes() == each.stub.read_bytes()
    assert [copy.read_text() for copy in kept] == ["first", "second"]


def test_reset_brings_back_a_deleted_file(home, course):
    each = exercise(course)
    home.file_of(each).unlink()
    path, copy = home.reset(each)
    assert path == home.file_of(each) and copy is None


def test_reset_of_a_notebook_gives_a_notebook(tmp_path, course):
    workspace.init(tmp_path, COURSE, course, as_notebooks=True)
    home, each = workspace.Workspace(tmp_path), exercise(course)
    home.file_of(each).write_text("broken")
    path, copy = home.reset(each)
    assert path.suffix == ".ipynb" and copy.read_text() == "broken"
    assert workspace.is_untouched(each, workspace.read(each, path))


def test_hints_are_remembered_and_never_forgotten(home, course):
    each = exercise(course)
    assert home.hints_read(each) == 0
    for step in (1, 2, 1):
        home.remember_hint(each, step)
    assert home.hints_read(each) == 2
    (home.state / "hints" / each.slug).write_bytes(b"\xff")
    assert home.hints_read(each) == 0


def test_white_space_alone_is_no_beginning(home, course):
    each = exercise(course)
    path = home.file_of(each)
    path.write_text(path.read_text() + "\n\n")
    assert workspace.is_untouched(each, workspace.read(each, path))
    path.write_text(path.read_text() + "x = 1")
    assert not workspace.is_untouched(each, workspace.read(each, path))


def test_a_type_checker_is_quiet_in_a_fresh_workspace(tmp_path):
    """The real course: imports resolve, every stub is typed."""
    workspace.init(tmp_path, ROOT, catalogue.load(ROOT))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file=",
            "--cache-dir",
            "cache",
            "--explicit-package-bases",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
