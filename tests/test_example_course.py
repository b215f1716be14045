"""The example course of docs/author.md proves itself, and the guide quotes it as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from grader import authoring, catalogue, mistakes, personal

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/example_course"
COURSE = catalogue.load(FOLDER)
GUIDE = (ROOT / "docs/author.md").read_text("utf-8")
TRIALS = [
    pytest.param(exercise, trial, id=f"{exercise.slug}: {trial.what}")
    for exercise in COURSE.exercises
    for trial in authoring.trials(exercise)
]


@pytest.fixture(scope="module")
def bench_of(isolation):
    """A warm box for each exercise."""
    with ExitStack() as open_now:
        yield {
            each.slug: open_now.enter_context(authoring.bench(each, isolation))
            for each in COURSE.exercises
        }


@pytest.mark.parametrize(("exercise", "trial"), TRIALS)
def test_an_exercise_of_the_example_course_stands_its_trials(exercise, trial, bench_of):
    assert trial.problem(bench_of[exercise.slug]) == ""


def grade(*words, cwd):
    command = [sys.executable, "-P", "-m", "grader", *words, "--course", str(FOLDER)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200)


def test_the_command_of_the_guide_finds_no_problem(tmp_path):
    assert "grade author check --all --course docs/example_course" in GUIDE
    done = grade("author", "check", "rounding", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 exercises, 0 problems")


def test_references_pass_and_untouched_stubs_do_not(tmp_path):
    assert grade("run", "--all", "--reference", cwd=tmp_path).returncode == 0
    done = grade("run", "--all", cwd=tmp_path)
    assert done.returncode == 1 and "this is the untouched stub" in done.stdout


def test_a_learner_reads_the_name_of_a_mistake_made(tmp_path):
    exercise = COURSE.exercises[1]
    path = exercise.solution / "mistakes/whole_ends.yaml"
    (tmp_path / "trapezoid.py").write_text(catalogue.source(exercise, path))
    done = grade("run", "trapezoid.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "You counted the outer values in full." in done.stdout


def test_every_misconception_about_rounding_fails_whatever_is_drawn():
    exercise = COURSE.exercises[0]
    wrong = {
        each.name: mistakes.answer_of(exercise, each.path) for each in catalogue.mistakes(exercise)
    }
    right = mistakes.answer_of(exercise, exercise.solution / "reference.py")
    for seed in range(300):
        drawn = personal.questions(exercise, seed).values()
        assert len(set(drawn)) == 12
        for name, answer in wrong.items():
            hits = sum(answer(each) == right(each) for each in drawn)
            assert hits < exercise.pass_mark * 12, (seed, name)


def test_each_exercise_is_whole():
    for exercise in COURSE.exercises:
        assert (exercise.folder.parent / "README.md").exists()
        yamls = list((exercise.solution / "mistakes").glob("*.yaml"))
        assert len(yamls) >= authoring.LEAST_MISTAKES
        assert len(catalogue.hints(exercise)) == 3
    assert list((COURSE.exercises[1].solution / "accepted").glob("*.py"))


def test_the_guide_quotes_the_files_as_they_are():
    section = GUIDE.partition("## Write your own course")[2].partition("\n## ")[0]
    quoted = re.findall(r"```(?:yaml|python)\n(.*?)```", section, re.S)
    texts = [path.read_text("utf-8") for path in FOLDER.rglob("*.*") if path.is_file()]
    assert len(quoted) >= 6
    for block in quoted:
        assert any(block in text for text in texts), block
