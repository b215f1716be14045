"""The commands around a workspace, as a learner runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE

from grader import catalogue

GRADE = str(Path(sys.prefix, "bin", "grade"))
WRONG = "def softmax(x, dim=-1):\n    return x * 0\n"


def grade(folder, *words, **environment):
    return subprocess.run(
        [GRADE, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


@pytest.fixture
def folder(tmp_path):
    done = grade(tmp_path, "init", "work", "--course", str(COURSE))
    assert done.returncode == 0 and "Next: cd work" in done.stdout, done.stderr
    return tmp_path / "work"


@pytest.fixture
def reference(softmax_reference):
    return softmax_reference.content.decode()


def test_grade_alone_leads_through_the_course(folder, reference, tmp_path):
    begin = grade(folder)
    assert begin.returncode == 1 and "Edit basics/softmax.py and save it" in begin.stdout

    (folder / "basics/softmax.py").write_text(WRONG)
    wrong = grade(folder)
    assert wrong.returncode == 1 and "softmax: NOT PASSED" in wrong.stdout

    (folder / "basics/softmax.py").write_text(reference)
    right = grade(folder / "basics")
    assert right.returncode == 0 and "softmax: PASSED" in right.stdout
    assert "Next: sums" in right.stdout

    assert "Edit basics/sums.yaml" in grade(folder).stdout


def test_grade_alone_outside_a_workspace_is_help(tmp_path):
    done = grade(tmp_path)
    assert done.returncode == 2 and "grade init work" in done.stdout + done.stderr


def test_when_all_is_passed_grade_says_so(folder, monkeypatch):
    for each in catalogue.load(COURSE).exercises:
        assert grade(folder, "run", each.slug, "--reference").returncode == 0
    done = grade(folder)
    assert done.returncode == 0 and "Every exercise is passed" in done.stdout


def test_status_counts_attempts_and_shows_the_best(folder, reference):
    file = folder / "basics/softmax.py"
    for text in (WRONG, reference, WRONG):
        file.write_text(text)
        grade(folder, "softmax")
    text = grade(folder, "status").stdout
    assert re.search(r"softmax +passed 10/10 points, 3 attempts", text)
    assert "1 of 2 passed" in text and "Next: sums" in text
    row = json.loads(grade(folder, "status", "--json").stdout)["exercises"]["softmax"]
    assert row == {"score": 10, "points": 10, "passed": True, "attempts": 3, "measures": {}}


def test_hints_come_one_after_the_other(folder):
    said = [grade(folder, "hint", "softmax").stdout.splitlines()[0] for _ in range(4)]
    assert said == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]
    again = grade(folder, "hint", "softmax", "-n", "1").stdout
    assert again.startswith("Hint 1 of 3") and "grade hint softmax -n 2" in again


def test_the_solution_is_shown_after_a_pass(folder, reference):
    before = grade(folder, "solution", "softmax")
    assert before.returncode == 2 and "after a pass" in before.stderr and not before.stdout
    (folder / "basics/softmax.py").write_text(reference + "# mine\n")
    grade(folder, "softmax")
    narrow = grade(folder, "solution", "softmax").stdout
    assert narrow.index("# mine") < narrow.index("The reference")
    wide = grade(folder, "solution", "softmax", COLUMNS="160").stdout
    titles = next(line for line in wide.splitlines() if "The reference" in line)
    assert titles.startswith("Yours: softmax.py")


def test_reset_says_where_the_old_file_is(folder):
    (folder / "basics/softmax.py").write_text("mine")
    said = grade(folder, "reset", "softmax").stdout
    (kept,) = re.findall(r"Your file is (\S+)\.$", said, re.M)
    assert (folder / kept).read_text() == "mine"


@pytest.mark.parametrize("command", ["status", "watch", "reset softmax", "solution softmax"])
def test_what_needs_a_workspace_says_how_to_make_one(tmp_path, command):
    done = grade(tmp_path, *command.split())
    assert done.returncode == 2 and "grade init DIR" in done.stderr


def test_init_again_names_what_was_added(folder):
    (folder / "basics/sums.yaml").unlink()
    done = grade(folder, "init", ".")
    assert (
        done.stdout.startswith("1 files added, 3 kept") and (folder / "basics/sums.yaml").exists()
    )


def test_a_damaged_index_is_kept_aside_and_built_anew(folder, reference):
    (folder / "basics/softmax.py").write_text(reference)
    grade(folder, "softmax")
    (folder / ".grader/index.sqlite3").write_bytes(b"garbage" * 1000)
    assert "softmax               passed" in grade(folder, "status").stdout
    assert list((folder / ".grader").glob("index.sqlite3.bad-*"))


def test_two_graders_at_once_lose_nothing(folder, reference):
    (folder / "basics/softmax.py").write_text(reference)
    both = [subprocess.Popen([GRADE, "softmax"], cwd=folder, stdout=-3) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
    assert "2 attempts" in grade(folder, "status").stdout


def test_a_renamed_file_is_graded_by_its_folder_or_told_apart(folder, reference):
    renamed = folder / "basics/softmax_v2.py"
    (folder / "basics/softmax.py").rename(renamed)
    gone = grade(folder, "softmax")
    assert gone.returncode == 2 and "there is no file basics/softmax.py here" in gone.stderr
    lost = grade(folder, "basics/softmax_v2.py")
    assert lost.returncode == 2 and "grade run SLUG --file softmax_v2.py" in lost.stderr


def test_an_empty_file_is_told_what_it_lacks(folder):
    (folder / "basics/softmax.py").write_text("")
    done = grade(folder, "softmax")
    assert done.returncode == 1 and "defines no `softmax`" in done.stdout


def test_a_notebook_is_graded_by_name_and_by_file(tmp_path, reference):
    grade(tmp_path, "init", "work", "--notebook", "--course", str(COURSE))
    folder = tmp_path / "work"
    book = json.loads((folder / "basics/softmax.ipynb").read_text())
    book["cells"][1]["source"] = reference
    book["cells"][2]["source"] = "%load_ext grader\n!ls"
    (folder / "basics/softmax.ipynb").write_text(json.dumps(book))
    for word in ("softmax", "basics/softmax.ipynb"):
        done = grade(folder, word)
        assert done.returncode == 0 and "softmax: PASSED" in done.stdout, done.stderr
    book["cells"][1]["source"] = "%matplotlib inline\n" + reference
    (folder / "basics/softmax.ipynb").write_text(json.dumps(book))
    done = grade(folder, "softmax")
    assert done.returncode == 2 and "cell 2, line 1: `%matplotlib inline`" in done.stderr


def test_in_a_kit_the_examples_run_and_the_rest_is_said(tmp_path, reference):
    done = grade(tmp_path, "author", "kit", "kit", "--course", str(COURSE))
    assert done.returncode == 0 and not list((tmp_path / "kit").rglob("solutions"))
    header = tmp_path / "kit/exercises/course.yaml"
    header.write_text(header.read_text() + "hand_in: send your folder to your instructor.\n")
    grade(tmp_path, "init", "work", "--course", str(tmp_path / "kit"))
    folder = tmp_path / "work"
    (folder / "basics/softmax.py").write_text(reference)
    held = grade(folder, "softmax")
    assert held.returncode == 1, "without the hidden checks nothing is passed"
    assert "softmax: EXAMPLES HOLD" in held.stdout
    assert "The hidden checks are not in this kit" in held.stdout
    assert "Hand in: send your folder to your instructor." in held.stdout
    assert "sums" in grade(folder).stdout, "the next exercise comes all the same"
    assert "Next: sums" in grade(folder, "status").stdout
    (folder / "basics/softmax.py").write_text(WRONG)
    wrong = grade(folder, "softmax")
    assert wrong.returncode == 1 and "softmax: NOT PASSED" in wrong.stdout, wrong.stderr
    assert grade(folder, "hint", "softmax").returncode == 2


def test_a_kit_is_not_written_over_anything(tmp_path):
    (tmp_path / "mine").write_text("x")
    done = grade(tmp_path, "author", "kit", ".", "--course", str(COURSE))
    assert done.returncode == 2 and "not empty" in done.stderr


def every_command():
    from grader.cli import cli

    for name, command in cli.commands.items():
        yield from (
            [(f"{name} {below}", each) for below, each in command.commands.items()]
            if hasattr(command, "commands")
            else [(name, command)]
        )


COMMANDS = list(every_command())


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_with_an_example(name, command):
    assert f"grade {name}" in command.help and "Example" in command.help
