"""`-o [FORMAT:]FILE`, and the autograder for Gradescope."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sample_verdicts as sample
from click.testing import CliRunner
from conftest import COURSE

from grader import cli, report
from grader.cli.grading import run as run_command
from grader.cli.output import Output, OutputType, no_workflow_commands, places, write
from grader.report import FORMATS

WRONG = COURSE / "solutions/basics/softmax/mistakes/overflows.py"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    return tmp_path


@pytest.fixture
def grade(monkeypatch, capfd):
    """Run the command; gives its exit code, what it printed, and what it told."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["grade", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        return code, *capfd.readouterr()

    return run


@pytest.mark.parametrize(
    ("text", "format_", "file"),
    [
        ("report.html", "html", "report.html"),
        ("out/a.xml", "junit", "out/a.xml"),
        ("a.JSON", "json", "a.JSON"),
        ("gradescope:results.json", "gradescope", "results.json"),
        ("github:/tmp/step_summary_1f2e", "github", "/tmp/step_summary_1f2e"),
        ("./odd:name.md", "markdown", "./odd:name.md"),
    ],
)
def test_a_report_is_named_by_its_format_or_its_suffix(text, format_, file):
    assert OutputType().convert(text, None, None) == Output(format_, Path(file))


@pytest.mark.parametrize("text", ["gradscope:results.json", "junit:", "report", "report.pdf"])
def test_an_unknown_format_is_refused_before_anything_is_graded(grade, here, text):
    code, out, err = grade("run", "sums", "--reference", "-o", text)
    assert code == 2 and out == "" and "gradescope, classroom, exercism" in err
    assert list(here.iterdir()) == []


def test_several_reports_are_written_beside_json_on_stdout(grade, here):
    files = ("report.html", "junit.xml", "gradescope:out/results.json", "github:summary")
    outputs = [word for each in files for word in ("-o", each)]
    code, out, err = grade("run", "sums", "--reference", "--json", *outputs)
    assert code == 0 and json.loads(out)["verdicts"][0]["exercise"] == "sums"
    assert re.findall(r"Report: (\S+)", err) == [
        *("report.html", "junit.xml", "out/results.json", "summary")
    ]
    assert "<testsuite " in Path("junit.xml").read_text()
    assert json.loads(Path("out/results.json").read_text())["score"] > 0
    assert Path("summary").read_text().startswith("## sums: PASSED")
    assert "sums" in Path("report.html").read_text()
    assert {each.name for each in here.iterdir()} == {
        *(".grader", "report.html", "junit.xml", "out", "summary")
    }


def test_a_report_of_the_latest_attempts_takes_the_same_formats(grade):
    grade("run", "sums", "--reference")
    code, _, _ = grade("report", "-o", "canvas:grades.csv", "-o", "report.md")
    assert code == 0
    assert Path("grades.csv").read_text().startswith("Student,ID,SIS Login ID,Section,sums\n")
    assert Path("report.md").read_text().startswith("## sums: PASSED")
    assert grade("report")[0] == 0 and Path("report.html").exists()


def test_annotations_name_the_graded_file_as_seen_from_here(grade, here):
    (here / "mine").mkdir()
    (here / "mine/softmax.py").write_bytes(WRONG.read_bytes())
    code, _, _ = grade("mine/softmax.py", "-o", "annotations:marks", "--sandbox", "basic")
    assert code == 1
    assert Path("marks").read_text().startswith("::error file=mine/softmax.py")


def test_a_file_from_elsewhere_is_not_told(softmax):
    assert places([(softmax, WRONG)]) == {}


def test_a_reporter_that_crashes_is_a_warning_and_changes_no_grade(grade, monkeypatch):
    def crash(_):
        raise KeyError("oops")

    monkeypatch.setitem(FORMATS, "junit", FORMATS["junit"]._replace(write=crash))
    code, out, err = grade("run", "sums", "--reference", "-o", "a.xml", "-o", "a.md")
    assert code == 0 and "PASSED" in out
    assert "Warning: a.xml was not written: the junit report failed (KeyError: 'oops')." in err
    assert Path("a.md").exists() and not Path("a.xml").exists()


def test_a_file_that_cannot_be_written_is_told_after_all_others_are(grade):
    Path("taken").touch()
    code, _, err = grade("run", "sums", "--reference", "-o", "taken/a.md", "-o", "b.md")
    assert code == 2 and "Error: a.md cannot be written: " in err
    assert Path("b.md").exists()


def test_a_folder_or_a_pipe_is_not_replaced(grade):
    Path("reports").mkdir()
    os.mkfifo("pipe.md")
    for name in ("markdown:reports", "pipe.md"):
        code, _, err = grade("run", "sums", "--reference", "-o", name)
        assert code == 2 and "is no regular file" in err
    assert Path("pipe.md").is_fifo() and list(Path("reports").iterdir()) == []


def test_half_a_report_is_never_seen(monkeypatch, here):
    Path("a.md").write_text("before")

    def full(descriptor):
        os.truncate(descriptor, 10)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match=r"a\.md cannot be written: No space left on device\."):
        write([Output("markdown", Path("a.md"))], [sample.GPT], None)
    assert Path("a.md").read_text() == "before"
    assert [each.name for each in here.iterdir()] == ["a.md"]


def test_the_help_and_the_completion_list_every_format():
    help_ = CliRunner().invoke(run_command, ["--help"]).output
    suffixes = {"html": ".html", "json": ".json", "markdown": ".md", "csv": ".csv"}
    assert not [name for name in FORMATS if suffixes.get(name, name) not in help_]
    offered = [each.value for each in OutputType().shell_complete(None, None, "")]
    assert offered[:-1] == [f"{name}:" for name in FORMATS]


def test_what_a_submission_says_is_no_command_to_a_runner(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with no_workflow_commands():
        print("::notice title=Autograding report::{}")
    first, _, last = capsys.readouterr().out.splitlines()
    token = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", first)[1]
    assert last == f"::{token}::"


def test_outside_of_a_runner_nothing_is_added(monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    with no_workflow_commands():
        print("text")
    assert capsys.readouterr().out == "text\n"


@pytest.fixture
def autograder(grade, here):
    (here / "grader.whl").write_bytes(b"wheel")
    code, out, _ = grade("author", "autograder", "softmax", "--wheel", "grader.whl")
    assert code == 0 and "softmax.py" in out
    with zipfile.ZipFile("autograder.zip") as archive:
        yield archive


def test_an_autograder_holds_the_checks_of_what_it_grades_and_of_nothing_else(autograder):
    names = autograder.namelist()
    assert names[:3] == ["setup.sh", "run_autograder", "grader.whl"]
    assert "course/exercises/course.yaml" in names
    assert "course/solutions/basics/softmax/checks.py" in names
    assert not [name for name in names if name.startswith("course/solutions/basics/sums")]
    assert not [name for name in names if "__pycache__" in name or name.startswith("/")]


def test_the_scripts_of_an_autograder_can_be_run_and_are_valid(autograder):
    for name in ("setup.sh", "run_autograder"):
        assert autograder.getinfo(name).external_attr >> 16 & 0o111
        done = subprocess.run(["sh", "-n"], input=autograder.read(name), capture_output=True)
        assert done.returncode == 0, done.stderr
    assert b"chmod -R go-rwx /autograder/source" in autograder.read("setup.sh")


@pytest.fixture
def run_autograder(autograder, here):
    """Run the script itself, with our folders in the place of Gradescope's, and another `grade`."""
    root = here / "autograder"
    for folder in ("submission", "results", "source"):
        (root / folder).mkdir(parents=True)
    autograder.extractall(root / "source")

    def run(program: str) -> str:
        (here / "grade").write_text(f"#!/bin/sh\n{program}\n")
        (here / "grade").chmod(0o755)
        script = autograder.read("run_autograder").decode()
        script = script.replace("/opt/grader/bin/grade", str(here / "grade"))
        script = script.replace("/autograder", str(root))
        subprocess.run(["sh"], input=script.encode(), check=True, cwd=root, capture_output=True)
        return (root / "results/results.json").read_text()

    return run


def test_an_autograder_grades_what_was_handed_in(run_autograder, softmax_reference):
    Path("autograder/submission/softmax.py").write_bytes(softmax_reference.content)
    result = json.loads(run_autograder(f'{sys.executable} -m grader "$@" --sandbox basic'))
    assert result["score"] == 10 and result["tests"][0]["status"] == "passed"


def test_an_autograder_follows_no_link_to_the_solution(run_autograder, here):
    Path("autograder/submission/softmax.py").symlink_to(WRONG)
    Path("autograder/submission/.grader").mkdir()
    listed = f"ls -A > {here}/autograder/results/results.json"
    assert run_autograder(listed) == ""
    Path("autograder/submission/softmax.py").unlink()
    Path("autograder/submission/softmax.py").write_bytes(WRONG.read_bytes())
    assert run_autograder(listed) == "softmax.py\n"


def test_the_page_is_still_written_by_the_function_of_that_name(monkeypatch):
    monkeypatch.setattr(report, "as_html", lambda verdicts, title, course: f"{title}: {course}")

    class Course:
        title = "All"

    write([Output("html", Path("a.html"))], [sample.GPT], Course())
    assert Path("a.html").read_text() == "All: None"
