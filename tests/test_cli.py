"""The command line as a user meets it: the real program, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
from conftest import COURSE

from grader.cli import cli

ROOT = Path(__file__).parent.parent
REFERENCE = COURSE / "solutions/basics/softmax/reference.py"


@pytest.fixture
def grade(tmp_path):
    """Run `grade` with the tests' course; gives the finished process."""

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "grader", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "GRADER_COURSE": str(COURSE), **environment},
        )

    return run


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(("path", "command"), list(commands(cli)), ids=lambda x: str(x))
def test_every_command_has_help_with_an_example(path, command):
    assert command.help and "grade" in command.help, path
    assert "Example" in command.help, path


def test_a_right_file_passes_with_code_0_and_leaves_a_record(grade, tmp_path):
    done = grade("softmax", "--file", REFERENCE)
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout and "10" in done.stdout
    assert len(list((tmp_path / ".grader/results").glob("*.json"))) == 1
    assert "passed" in grade("list").stdout


def test_a_file_is_recognised_by_its_name_and_the_stub_fails_with_code_1(grade, tmp_path):
    stub = COURSE / "exercises/basics/softmax/stub.py"
    (tmp_path / "softmax.py").write_bytes(stub.read_bytes())
    by_file, by_name = grade("softmax.py"), grade("softmax")
    for done in (by_file, by_name):
        assert done.returncode == 1 and "NOT PASSED" in done.stdout
        assert "not written yet" in done.stdout


def test_json_is_one_valid_object_on_stdout(grade):
    done = grade("run", "--all", "--reference", "--json", "--sandbox", "basic")
    report = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs/schema/verdict.json").read_text())
    jsonschema.validate(report, schema)
    assert [each["exercise"] for each in report["verdicts"]] == ["softmax", "sums"]
    assert all(each["passed"] for each in report["verdicts"])
    assert done.returncode == 0


def test_a_report_holds_the_latest_attempt_of_each_exercise(grade, tmp_path):
    wrong = COURSE / "solutions/basics/softmax/mistakes/overflows.py"
    grade("softmax", "--file", wrong)
    done = grade("report", "-o", "course.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "course.html").read_text()
    assert "overflows for large ones" in page and "<script" not in page


def test_show_prints_the_task_and_personal_questions(grade):
    ada, bob = (grade("show", "sums", GRADER_LEARNER=name).stdout for name in ("ada", "bob"))
    assert "Sums, predicted" in ada and "q3" in ada and " + " in ada
    assert ada.replace("ada", "") != bob.replace("bob", "")


def test_hints_come_one_at_a_time(grade):
    first, third = grade("hint", "softmax").stdout, grade("hint", "softmax", "-n", "3").stdout
    assert "exp(1000)" in first and "amax" not in first and "grade hint softmax -n 2" in first
    assert "amax" in third


def test_lines_shows_the_cost_of_every_line(grade):
    out = grade("lines", REFERENCE).stdout
    assert "  1  def softmax" in out and "3 lines, 54 tokens" in out


def test_a_prove_run_over_the_course_finds_no_problem(grade):
    done = grade("author", "check", "sums")
    assert done.returncode == 0 and "1 exercises, 0 problems" in done.stdout


def test_light_commands_do_not_load_heavy_modules():
    heavy = ("torch", "pytest", "hypothesis", "rich", "nbformat", "matplotlib", "sklearn")
    program = (
        "import sys\nfrom grader.cli import cli\n"
        "for args in (['--help'], ['list', '--course', sys.argv[1]]):\n"
        "    try: cli(args, standalone_mode=False)\n"
        "    except SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(COURSE)], capture_output=True, text=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr


def test_show_a_unit_shows_its_page(grade):
    done = grade("show", "basics")
    assert done.returncode == 0 and "two exercises for the grader's own tests" in done.stdout


def test_completion_offers_exercises_where_a_command_may_stand(grade):
    done = grade(_GRADE_COMPLETE="bash_complete", COMP_WORDS="grade s", COMP_CWORD="1")
    words = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert {"show", "softmax", "sums"} <= words


def test_completion_offers_the_exercises(grade):
    done = grade(_GRADE_COMPLETE="bash_complete", COMP_WORDS="grade show so", COMP_CWORD="2")
    assert done.stdout.split() == ["plain,softmax"]


def test_no_command_shows_the_help(grade):
    done = grade()
    assert "Examples:" in done.stderr and "Error" not in done.stderr and done.returncode == 2


def test_doctor_names_the_level_and_every_promise(grade):
    done = grade("doctor", "--json")
    told = json.loads(done.stdout)
    assert told["isolation"]["level"] in ("strict", "container", "basic")
    assert len(told["probes"]) >= 10
    assert done.returncode == (
        3
        if told["isolation"]["level"] == "strict"
        and any(not probe["held"] for probe in told["probes"])
        else 0
    )


def test_data_says_what_stands_in(grade, tmp_path):
    done = grade("data", GRADER_DATA=str(tmp_path), GRADER_HOME=str(tmp_path))
    assert "stands in" in done.stdout and done.returncode == 0
