"""A part of an exam that is an exercise: its paper, its marks, and the Build part of exit-1."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader import authoring, catalogue, engine, rules
from grader.exam import exercise as form
from grader.exam.task import Task
from grader.lending import to_nobody
from grader.model import GraderFault, Level, Status
from grader.sitting import exam as definition

ROOT = Path(__file__).parent.parent
EXAM = ROOT / "exams/exit-1"
BUILD = Task(
    next(part for part in definition.load(EXAM).parts if part.name == "build"),
    EXAM / "build",
    ROOT / "solutions/exams/exit-1/build",
)
CHEAP = ("files", "mistake two_batches")
CHEAP += tuple(
    f"mistake {name}"
    for name in ("golfed", "library_attention", "reads_files", "recurrent", "weights_in_text")
)
"""What is proved without a whole training."""


@pytest.fixture(scope="module")
def mark(isolation):
    def mark(source, task=BUILD, progress=to_nobody):
        content = fixture(source).encode() if isinstance(source, Path) else source
        return form.mark(task, {"build.py": content}, 1, isolation, progress=progress)

    return mark


def fixture(path):
    """A program of the exercise's two halves, or the edited reference."""
    return catalogue.source(form.read(BUILD), path)


def failed(verdict):
    return {each.check.split("[")[0] for each in verdict.outcomes if each.status is Status.FAILED}


# the paper


def test_the_paper_is_the_task_with_its_rules_and_the_stub():
    paper = form.paper(BUILD, seed=1)
    assert set(paper) == {"build.md", "build.py"}
    assert paper["build.py"] == (BUILD.folder / "stub.py").read_bytes()
    text = paper["build.md"].decode()
    assert text.startswith("# Build a transformer\n")
    for said in ("50 lines and 1,000 tokens", "`torch`, `math`", "`LSTM*`", "180 CPU seconds"):
        assert said in text
    assert form.paper(BUILD, seed=2) == paper


def test_the_paper_tells_the_points_that_the_checks_give():
    text = form.paper(BUILD, seed=1)["build.md"].decode()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    points = [int(cell) for cell in rows if cell.isdigit()]
    assert points == [8, 8, 4, 4, 6, 10] and sum(points) == BUILD.part.points


def test_a_part_that_is_not_well_formed_is_a_fault_of_ours(tmp_path):
    with pytest.raises(GraderFault, match="there is no file"):
        form.paper(dataclasses.replace(BUILD, folder=tmp_path / "none"), seed=1)


# the marks, without a training


def test_without_a_file_there_is_a_verdict_with_no_points_that_says_so(isolation):
    verdict = form.mark(BUILD, {"notes.md": b"later"}, 7, isolation)
    assert (verdict.score, verdict.passed, verdict.exit_code) == (0, False, 1)
    assert (verdict.points, verdict.seed, verdict.isolation.level) == (40, 7, Level.NONE)
    assert "no build.py" in verdict.outcomes[0].message


def test_without_the_hidden_checks_nothing_is_marked(mark, tmp_path):
    with pytest.raises(GraderFault, match="hidden checks"):
        mark(b"", dataclasses.replace(BUILD, solution=tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"", b"def train(:\n", b"\xff\xfe\x00", b"import os\nos._exit(0)\n"],
    ids=["empty", "no Python", "no text", "leaves"],
)
def test_whatever_the_file_holds_there_is_a_verdict_without_points(mark, content):
    verdict = mark(content)
    assert (verdict.score, verdict.passed, verdict.exit_code) == (0, False, 1)
    assert {each.check for each in verdict.outcomes} >= {"rules", "check_model", "check_trains"}


def test_points_are_those_of_the_part_and_thirty_are_needed_to_pass(mark):
    dearer = BUILD.part.model_copy(update={"points": 80})
    verdict = mark(BUILD.folder / "stub.py", dataclasses.replace(BUILD, part=dearer))
    assert verdict.points == 80 and verdict.score == 0
    assert sum(each.weight for each in verdict.outcomes) == BUILD.part.points == 40
    assert sum(each.weight for each in verdict.outcomes if not each.merit) == 30


def test_a_training_that_diverges_keeps_the_points_of_its_model(mark):
    verdict = mark(BUILD.solution / "mistakes/diverges.yaml")
    assert failed(verdict) == {"check_trains", "check_example_forty_steps"}
    assert verdict.score == 8 + 2 + 2 + 1 + 1 and not verdict.passed


def test_a_forbidden_name_takes_every_point(mark):
    source = fixture(BUILD.solution / "mistakes/diverges.yaml")
    verdict = mark((source + "\n\nRNN = nn.GRU\n").encode())
    assert verdict.outcomes[0].status is Status.FORBIDDEN
    assert (verdict.score, verdict.passed) == (0, False)


def test_a_source_without_softmax_is_noted_for_a_person(mark):
    exercise = form.read(BUILD)
    source = (BUILD.solution / "reference.py").read_text("utf-8")
    assert rules.missing(source, exercise.rules) == ()
    other = source.replace(".softmax(-1)", ".exp()").encode()
    said = engine.notes(exercise, engine.Submission(name="build.py", content=other))
    assert any("never uses softmax" in note for note in said)


@pytest.mark.parametrize(
    "trial",
    [each for each in authoring.trials(form.read(BUILD)) if each.what in CHEAP],
    ids=lambda each: each.what,
)
def test_what_needs_no_training_is_proved(trial, isolation):
    with authoring.bench(form.read(BUILD), isolation) as bench:
        assert trial.problem(bench) == ""


def test_every_cheap_trial_is_there():
    assert set(CHEAP) <= {each.what for each in authoring.trials(form.read(BUILD))}


# the marks of whole trainings; docs/exam-reliability.md has those of all the others

WHOLE = {
    "reference.py": (40, set()),
    "mistakes/bigram_only.yaml": (23, {"check_whole_window_is_read", "check_beats_bigram"}),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_training_gets_its_marks(mark, name):
    told = []
    most, refusing = WHOLE[name]
    verdict = mark(BUILD.solution / name, progress=told.append)
    assert not verdict.faults and verdict.passed == (name == "reference.py")
    assert refusing <= failed(verdict) and (refusing or not failed(verdict))
    assert verdict.score <= most and (refusing or verdict.score == most)
    assert sum(each.cpu_s for each in verdict.outcomes) < 90 and max(peaks(verdict)) < 750
    assert {each.done for each in told} >= {1, 500, 1000}


def peaks(verdict):
    return [each.peak_mb for each in verdict.outcomes]
