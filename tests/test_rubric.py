"""The rubric of a written work: what its author answers, and whether the words are the author's."""

from __future__ import annotations

from pathlib import Path

import pytest
import sample_folder
from sample_folder import FILES

from grader import authoring, box, catalogue, engine, folder, rubric
from grader.model import GraderFault, Level, Status, Submission

MODEL = (
    "Doubling a number means that the number is added to itself once, and nothing else happens to"
    " it on the way to the answer that you see.\n"
)
OWN = "I added five to five and got ten, which told me how twice works before any code did.\n"
RUBRIC = "share: 0.6\nquestions:\n  clear: Is it clear?\n  short: Is it short?\n"
BASIC = box.isolation(Level.BASIC)
ROOT = Path(__file__).parent.parent


def written(tmp_path, rubric=RUBRIC, stub="clear:\nshort:\n"):
    """The exercise `twice`, with a rubric."""
    root = sample_folder.write(tmp_path)
    public, private = root / "exercises/basics/twice", root / "solutions/basics/twice"
    (public / "rubric.yaml").write_text(rubric)
    (public / "stub/self_assessment.yaml").write_text(stub)
    (private / "reference/self_assessment.yaml").write_text("clear: yes\nshort: yes\n")
    (private / "reference/note.md").write_text(MODEL)
    return catalogue.find(catalogue.load(root), "twice")


def graded(exercise, said, note=OWN, **asked):
    files = {
        name.removeprefix("solutions/basics/twice/reference/"): text.encode()
        for name, text in FILES.items()
        if "reference/" in name
    }
    files |= {"note.md": note.encode()} | ({} if said is None else {"self_assessment.yaml": said})
    verdict = engine.grade(exercise, folder.packed("twice", files), BASIC, **asked)
    return verdict, {each.check: each for each in verdict.outcomes}


def test_answers_carry_their_share_earn_nothing_and_decide_nothing(tmp_path):
    exercise = written(tmp_path)
    for said, statuses in [
        (b"clear: yes\nshort: no\n", (Status.SELF_ASSESSED, Status.NOT_YET)),
        (b"clear: 'yes'\nshort: maybe\n", (Status.SELF_ASSESSED, Status.NOT_YET)),
        (b"clear: 7\n", (Status.NOT_YET, Status.NOT_YET)),
        (b"- yes\n", (Status.NOT_YET, Status.NOT_YET)),
        (b"clear: [", (Status.NOT_YET, Status.NOT_YET)),
        (None, (Status.NOT_YET, Status.NOT_YET)),
    ]:
        verdict, outcomes = graded(exercise, said)
        assert verdict.passed and verdict.score == pytest.approx(4)
        assert verdict.at_stake == pytest.approx(6)
        assert (outcomes["self_clear"].status, outcomes["self_short"].status) == statuses
        assert "3 points when an instructor confirms" in outcomes["self_short"].message


def test_where_the_machine_refuses_no_answer_helps(tmp_path):
    exercise = written(tmp_path)
    verdict, _ = graded(exercise, b"clear: yes\nshort: yes\n", note="Nothing about it.\n")
    assert not verdict.passed and verdict.score < 4


def test_the_model_answer_and_the_template_are_refused_as_ones_own(tmp_path):
    exercise = written(tmp_path)
    (exercise.stub / "note.md").write_text(OWN)
    for note, name in [(MODEL, "the model answer"), (OWN, "the template")]:
        verdict, outcomes = graded(exercise, None, note=note)
        assert outcomes["own_words"].status is Status.FAILED and not verdict.passed
        assert outcomes["own_words"].message == f"100% of your text stands in {name} word for word"


def test_less_than_a_third_of_known_words_is_ones_own(tmp_path):
    exercise = written(tmp_path)
    for times, status in [(1, Status.FAILED), (9, Status.PASSED)]:
        own = " ".join(f"word{n} other{n}" for n in range(times * 12)).translate(LETTERS)
        _, outcomes = graded(exercise, None, note=f"added {own}\n\n{MODEL}")
        assert outcomes["own_words"].status is status


LETTERS = str.maketrans("0123456789", "abcdefghij")


def test_an_author_proves_the_model_answer_itself(tmp_path):
    exercise = written(tmp_path)
    problems = [p for p in authoring.prove(exercise, BASIC) if p.problem and "no_note" not in p]
    assert not [p for p in problems if p.what.startswith(("reference", "stub", "files"))]


def test_an_author_learns_that_stub_and_rubric_differ(tmp_path):
    exercise = written(tmp_path, stub="clear:\nlong:\n")
    files = next(iter(authoring.trials(exercise)))
    assert files.problem(authoring.Bench(BASIC)) == "rubric.yaml and the stub differ in long, short"


@pytest.mark.parametrize("rubric", ["share: 1\nquestions: {a: A?}\n", "questions: {}\n", "a: [\n"])
def test_a_rubric_that_is_not_well_formed_is_our_fault(tmp_path, rubric):
    with pytest.raises(GraderFault, match=r"twice/rubric\.yaml"):
        graded(written(tmp_path, rubric=rubric), None)


def test_a_file_of_answers_holds_them_under_a_key(tmp_path):
    files = {
        "exercises/course.yaml": "title: T\nunits: [{slug: basics, title: Basics}]\n",
        "exercises/basics/say/exercise.yaml": "title: Say\ngoal: Say it.\npoints: 10\n",
        "exercises/basics/say/stub.yaml": "text:\nself_assessment: {clear: }\n",
        "exercises/basics/say/questions.py": 'def draw(rng):\n    return {"text": "say it"}\n',
        "exercises/basics/say/rubric.yaml": "questions: {clear: Is it clear?}\n",
        "solutions/basics/say/reference.py": f"def answer(question):\n    return {MODEL!r}\n",
        "solutions/basics/say/checks.py": (
            "def check_text(submission):\n"
            '    """There is a text."""\n    assert submission["text"]\n'
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    exercise = catalogue.find(catalogue.load(tmp_path), "say")

    def outcomes(text):
        said = f"text: {text}self_assessment: {{clear: yes}}\n".encode()
        verdict = engine.grade(exercise, Submission(name="say.yaml", content=said), BASIC)
        return {each.check: each.status for each in verdict.outcomes}

    assert outcomes(OWN)["self_clear"] is Status.SELF_ASSESSED
    assert outcomes(OWN)["own_words"] is Status.PASSED
    assert outcomes(MODEL)["own_words"] is Status.FAILED


COURSE = catalogue.load(ROOT)
WRITTEN = [each for each in COURSE.exercises if rubric.read(each)]


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda each: each.slug)
def test_no_model_answer_of_the_course_can_be_handed_in(exercise):
    model = engine.submission_of(exercise, exercise.reference, 1)
    for with_model, status in [(True, Status.FAILED), (False, Status.PASSED)]:
        known = engine.known_texts(exercise, 1, with_model=with_model)
        assert rubric.own_words(exercise, model, known).status is status


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda each: each.slug)
def test_the_machine_judges_at_most_half_of_what_is_written(exercise):
    assert rubric.read(exercise).share >= 0.5
