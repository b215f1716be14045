from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import COURSE

from grader import catalogue, checking, engine, personal, proxy
from grader.model import Level, Limits, Status, Submission

CHECKS = """
import pytest
from grader.oracle import merit, weight

@pytest.fixture(scope="module")
def trained(fresh, record):
    with fresh() as submission:
        for loss in submission.train(3):
            pass
    record.measure("last loss", loss, bar=1, better="lower")
    record.curve(title="t", x_label="x", y_label="y", series={"loss": ((0, 1), (1, loss))})
    return loss

@weight(3)
def check_trains(trained):
    \"\"\"The loss falls.\"\"\"
    assert trained < 1, f"the loss is {trained}"

@merit
def check_trains_well(trained):
    \"\"\"The loss falls far.\"\"\"
    assert trained < 0.1, f"the loss is {trained}"
"""
TRAINS = "def train(n):\n    for i in range(n):\n        yield 1 / (i + 1)\n"


@pytest.fixture
def course(tmp_path):
    """A copy of the tests' course that a test may change."""
    shutil.copytree(COURSE, tmp_path / "course")
    return tmp_path / "course"


def exercise_in(course: Path, slug: str = "softmax", **changes):
    found = catalogue.find(catalogue.load(course), slug)
    return found.model_copy(update=changes)


def by_check(verdict):
    return {outcome.check: outcome for outcome in verdict.outcomes}


def test_the_reference_earns_all_points(softmax, softmax_reference, isolation):
    verdict = engine.grade(softmax, softmax_reference, isolation)
    assert (verdict.passed, verdict.score, verdict.exit_code) == (True, 10, 0)
    assert [each.check for each in verdict.outcomes] == [
        "rules",
        "load",
        "check_two_equal_scores",
        "check_normalises_along_dim",
        "check_large_scores_stay_finite",
        "check_gradient",
    ]
    assert verdict.isolation == isolation and verdict.hashes["checks.py"]


@pytest.mark.parametrize("reason", ["timeout", "the process ended"])
def test_a_file_that_once_does_not_load_costs_that_check_alone(
    softmax, softmax_reference, isolation, monkeypatch, reason
):
    loads = []

    def submission(run, name, text):
        loads.append(name)
        if len(loads) == 3:  # before it come the check `load` and the first of the exercise
            raise proxy.SubmissionEnded("loading", reason)
        return proxy.Submission(run, name, text)

    monkeypatch.setattr(checking, "Submission", submission)
    verdict = engine.grade(softmax, softmax_reference, isolation)
    failed = [each for each in verdict.outcomes if each.status is not Status.PASSED]
    assert [each.check for each in failed] == ["check_normalises_along_dim"]
    assert failed[0].status is (Status.TIMEOUT if reason == "timeout" else Status.KILLED)
    assert len(loads) == 5


def test_the_same_submission_gets_the_same_verdict(softmax, isolation):
    wrong = catalogue.read_submission(softmax.solution / "mistakes/whole_tensor.py")
    first, second = (engine.grade(softmax, wrong, isolation, seed=4) for _ in range(2))
    for a, b in zip(first.outcomes, second.outcomes, strict=True):
        assert (a.status, a.message, a.counterexample) == (b.status, b.message, b.counterexample)


def test_a_wrong_answer_shows_the_smallest_input_and_its_name(softmax, isolation):
    wrong = catalogue.read_submission(softmax.solution / "mistakes/overflows.py")
    verdict = engine.grade(softmax, wrong, isolation)
    failed = by_check(verdict)["check_large_scores_stay_finite"]
    assert failed.status is Status.FAILED
    assert failed.mistakes == ("It takes exp of the raw scores, which overflows for large ones.",)
    assert failed.counterexample.call == "softmax(x)"
    assert failed.counterexample.inputs["x"].values == (0, 1, 1000)
    assert verdict.score == pytest.approx(6.67) and verdict.exit_code == 1


def test_a_forbidden_name_earns_nothing_though_the_checks_still_run(softmax, source, isolation):
    text = "import torch\ndef softmax(x, dim=-1): return torch.softmax(x, dim)\n"
    verdict = engine.grade(softmax, source(text), isolation)
    rules = by_check(verdict)["rules"]
    assert rules.status is Status.FORBIDDEN and rules.line == 2
    assert verdict.score == 0 and not verdict.passed
    assert by_check(verdict)["check_gradient"].status is Status.PASSED


def test_a_file_that_does_not_parse_is_told_once_and_nothing_runs(softmax, source, isolation):
    verdict = engine.grade(softmax, source("def softmax(x:\n"), isolation)
    statuses = [each.status for each in verdict.outcomes]
    assert statuses == [Status.ERROR] + [Status.SKIPPED] * 4
    assert verdict.outcomes[0].line == 1 and verdict.exit_code == 1


def test_a_file_that_cannot_be_loaded_names_its_line(softmax, source, isolation):
    verdict = engine.grade(softmax, source("import torch\n\nprint(1 / 0)\n"), isolation)
    load = by_check(verdict)["load"]
    assert (load.status, load.line) == (Status.ERROR, 3) and "ZeroDivisionError" in load.message
    assert by_check(verdict)["check_gradient"].status is Status.SKIPPED


def test_the_untouched_stub_is_told_so(softmax, isolation):
    verdict = engine.grade(softmax, catalogue.read_submission(softmax.stub), isolation)
    assert verdict.score == 0 and "this is the untouched stub" in verdict.notes
    assert "not written yet" in by_check(verdict)["check_gradient"].message


def test_weights_merit_measures_and_a_training_that_runs_once(course, source, isolation):
    (course / "solutions/basics/softmax/checks.py").write_text(CHECKS)
    (course / "exercises/basics/softmax/examples.py").unlink()
    verdict = engine.grade(exercise_in(course), source(TRAINS), isolation)
    outcomes = by_check(verdict)
    assert outcomes["check_trains_well"].status is Status.FAILED
    assert verdict.passed and verdict.score == 7.5
    assert outcomes["check_trains"].measures[0].name == "last loss"
    assert outcomes["check_trains"].curves and not outcomes["check_trains_well"].curves


def test_a_failed_training_fails_every_check_that_rests_on_it(course, source, isolation):
    (course / "solutions/basics/softmax/checks.py").write_text(CHECKS)
    broken = source("def train(n):\n    yield 1\n    raise ValueError('no more')\n")
    outcomes = by_check(engine.grade(exercise_in(course), broken, isolation))
    assert outcomes["check_trains"].status is Status.ERROR
    assert outcomes["check_trains_well"].message == outcomes["check_trains"].message


def test_a_training_that_dies_is_judged_once_and_told_everywhere(course, source, isolation):
    (course / "solutions/basics/softmax/checks.py").write_text(CHECKS)
    deadly = source("import os\ndef train(n):\n    yield 1\n    os._exit(5)\n")
    outcomes = by_check(engine.grade(exercise_in(course), deadly, isolation))
    assert outcomes["check_trains"].status is Status.KILLED
    assert "exit code 5" in outcomes["check_trains"].message
    assert outcomes["check_trains_well"].message == outcomes["check_trains"].message


def test_checks_that_do_not_import_are_our_fault(course, softmax_reference, isolation):
    (course / "solutions/basics/softmax/checks.py").write_text("import nothing_of_that_name\n")
    verdict = engine.grade(exercise_in(course), softmax_reference, isolation)
    assert verdict.exit_code == 3 and "nothing_of_that_name" in verdict.faults[0].message


def test_no_check_at_all_is_never_a_pass(course, softmax_reference, isolation):
    (course / "solutions/basics/softmax/checks.py").write_text("")
    (course / "exercises/basics/softmax/examples.py").write_text("")
    verdict = engine.grade(exercise_in(course), softmax_reference, isolation)
    assert not verdict.passed and verdict.exit_code != 0


def test_a_check_that_breaks_on_any_answer_is_our_fault(course, softmax_reference, isolation):
    text = "def check_it(submission):\n    '''It works.'''\n    {}['missing']\n"
    (course / "solutions/basics/softmax/checks.py").write_text(text)
    verdict = engine.grade(exercise_in(course), softmax_reference, isolation)
    assert verdict.exit_code == 3 and "KeyError" in verdict.faults[0].message


def test_a_check_that_breaks_on_a_strange_answer_blames_the_answer(course, source, isolation):
    text = (
        "import torch\ndef check_it(submission):\n    '''It works.'''\n"
        "    assert submission.softmax(torch.zeros(2)).sum() == 1\n"
    )
    (course / "solutions/basics/softmax/checks.py").write_text(text)
    strange = source("def softmax(x, dim=-1): return 'probabilities'\n")
    verdict = engine.grade(exercise_in(course), strange, isolation)
    outcome = by_check(verdict)["check_it"]
    assert outcome.status is Status.ERROR and "could not use" in outcome.message
    assert verdict.exit_code == 1


def test_a_random_answer_is_told_that_it_is_one(softmax, source, isolation):
    text = "import torch\ndef softmax(x, dim=-1):\n    return torch.rand_like(x)\n"
    verdict = engine.grade(softmax, source(text), isolation)
    assert by_check(verdict)["check_normalises_along_dim"].status is Status.FAILED


def test_a_kit_without_solutions_says_what_was_not_checked(course, softmax_reference, isolation):
    shutil.rmtree(course / "solutions")
    verdict = engine.grade(exercise_in(course), softmax_reference, isolation)
    assert any("hidden checks are not in this kit" in note for note in verdict.notes)
    assert "check_gradient" not in by_check(verdict)


def answers(**values):
    text = "".join(f"{item}: {value}\n" for item, value in values.items())
    return Submission(name="sums.yaml", content=text.encode())


def right_answers(exercise, seed=3):
    drawn = personal.questions(exercise, seed)
    return {item: question.a + question.b for item, question in drawn.items()}


def test_predicted_answers_are_data_and_nothing_is_run(isolation):
    sums = exercise_in(COURSE, "sums")
    verdict = engine.grade(sums, answers(**right_answers(sums)), isolation, seed=3)
    assert verdict.passed and verdict.score == 6
    assert verdict.isolation.level is Level.NONE
    assert [each.claim for each in verdict.outcomes][-1] == "Item q3 has the right value."


def test_a_pass_mark_forgives_and_a_wrong_item_is_named(isolation):
    sums = exercise_in(COURSE, "sums")
    first = personal.questions(sums, 3)["q1"]
    given = right_answers(sums) | {"q1": first.a * first.b}
    verdict = engine.grade(sums, answers(**given), isolation, seed=3)
    assert by_check(verdict)["check_item[q1]"].mistakes == ("You multiplied the numbers.",)
    assert verdict.passed and verdict.score == 4


def test_answers_that_are_no_yaml_name_the_line(isolation):
    bad = Submission(name="sums.yaml", content=b"q1: 3\nq2: [1\n")
    verdict = engine.grade(exercise_in(COURSE, "sums"), bad, isolation, seed=3)
    load = by_check(verdict)["load"]
    assert load.status is Status.ERROR and "line 3" in load.message
    assert verdict.exit_code == 1


def test_numbers_are_personal_and_stable():
    sums = exercise_in(COURSE, "sums")
    ada, bob = (personal.personal_seed(sums, name) for name in ("ada", "bob"))
    assert ada != bob and ada == personal.personal_seed(sums, "ada")
    softmax = exercise_in(COURSE)
    assert personal.personal_seed(softmax, "ada") == personal.personal_seed(softmax, "bob")


def test_a_course_key_changes_the_numbers(monkeypatch):
    sums = exercise_in(COURSE, "sums")
    before = personal.personal_seed(sums, "ada")
    monkeypatch.setenv("GRADER_COURSE_KEY", "term-2")
    assert personal.personal_seed(sums, "ada") != before


def test_limits_of_the_exercise_hold_in_a_check(course, source, isolation):
    short = exercise_in(course, limits=Limits(cpu_s=1, wall_s=10, memory_mb=700))
    verdict = engine.grade(
        short, source("def softmax(x, dim=-1):\n    while True: pass\n"), isolation
    )
    outcome = by_check(verdict)["check_two_equal_scores"]
    assert outcome.status is Status.TIMEOUT and "1 CPU second" in outcome.message
