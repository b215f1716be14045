from __future__ import annotations

import shutil

import pytest
from conftest import COURSE

from grader import authoring, catalogue
from grader.model import UsageError


@pytest.fixture
def course(tmp_path):
    shutil.copytree(COURSE, tmp_path / "course")
    return tmp_path / "course"


def problems(course, isolation, slug="sums"):
    exercise = catalogue.find(catalogue.load(course), slug)
    proofs = list(authoring.prove(exercise, isolation))
    return {proof.what: proof.problem for proof in proofs if proof.problem}


def test_a_sound_exercise_has_no_problem(isolation):
    assert problems(COURSE, isolation) == {}


def test_a_mistake_that_passes_is_a_problem(course, isolation):
    folder = course / "solutions/basics/sums"
    wrong = '"""You are right.\ncaught by: check_item\n"""\n\n\n'
    body = (folder / "reference.py").read_text().split("\n\n\n", 1)[1]
    (folder / "mistakes/right.py").write_text(wrong + body)
    assert problems(course, isolation) == {"mistake right": "passed"}


def test_a_mistake_caught_by_another_check_is_a_problem(course, isolation):
    path = course / "solutions/basics/sums/mistakes/first.py"
    path.write_text(path.read_text().replace("check_item", "check_other"))
    assert problems(course, isolation) == {
        "mistake first": "was refused by check_item, not by check_other"
    }


def test_a_wrong_reference_is_a_problem_at_every_seed(course, isolation):
    path = course / "solutions/basics/sums/reference.py"
    path.write_text(path.read_text().replace("+", "-"))
    found = problems(course, isolation)
    assert {f"reference, seed {seed}" for seed in authoring.SEEDS} <= set(found)


def test_missing_files_hints_and_mistakes_are_problems(course, isolation):
    folder = course / "solutions/basics/sums"
    (folder / "mistakes/first.py").unlink()
    assert problems(course, isolation)["files"] == "3 mistakes; at least 4 are needed"
    (folder / "hints.md").write_text("## One\nonly\n")
    assert "three steps" in problems(course, isolation)["files"]
    (folder / "hints.md").unlink()
    assert problems(course, isolation)["files"] == "missing: hints.md"


def test_an_accepted_answer_that_fails_is_a_problem(course, isolation):
    folder = course / "solutions/basics/sums"
    (folder / "accepted").mkdir()
    shutil.copy(folder / "mistakes/first.py", folder / "accepted/other.py")
    assert list(problems(course, isolation)) == ["accepted other"]


def test_a_new_exercise_proves_itself_and_is_never_overwritten(course, isolation):
    written = authoring.new(course, "basics", "double")
    assert len(written) == 11 and all("SLUG" not in path.read_text() for path in written)
    assert problems(course, isolation, "double") == {}
    with pytest.raises(UsageError, match="exists already"):
        authoring.new(course, "basics", "double")
    with pytest.raises(UsageError, match="no plain name"):
        authoring.new(course, "basics", "two words")


def problem(course, isolation, slug, what):
    exercise = catalogue.find(catalogue.load(course), slug)
    (trial,) = [each for each in authoring.trials(exercise) if each.what == what]
    return trial.problem(authoring.Bench(isolation))


def test_a_mistake_that_names_a_merit_check_may_pass_but_costs_points_there(course, isolation):
    folder = course / "solutions/basics/sums"
    with (folder / "checks.py").open("a") as file:
        file.write(
            "\n\nfrom grader.oracle import merit\n\n\n@merit\ndef check_whole(submission):\n"
            '    """The first is written as a whole number."""\n'
            '    assert type(submission["q1"]) is int\n'
        )
    text = '"""You wrote a decimal point.\ncaught by: check_whole\n"""\n\n\n'
    wrong = text + "def answer(question):\n    return float(question.a + question.b)\n"
    (folder / "mistakes/decimal.py").write_text(wrong)
    assert problem(course, isolation, "sums", "mistake decimal") == ""
    (folder / "mistakes/decimal.py").write_text(wrong.replace("float", "int"))
    assert problem(course, isolation, "sums", "mistake decimal") == "passed"


def test_a_mistake_that_the_source_gives_away_is_not_run(course, isolation):
    path = course / "solutions/basics/softmax/mistakes/library.py"
    text = '"""You called the library.\ncaught by: rules\n"""\n\nimport torch\n\n1 / 0\n'
    path.write_text(text + "softmax = torch.softmax\n")
    assert problem(course, isolation, "softmax", "mistake library") == ""
    path.write_text(text)
    found = problem(course, isolation, "softmax", "mistake library")
    assert found == "the source keeps the rules"
