"""A course is a folder: found, ordered, and refused with file and line where it is wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import COURSE

from grader import catalogue
from grader.model import GraderFault, UsageError

HEADER = "title: A course\nunits:\n- {slug: first, title: First}\n- {slug: second, title: Second}\n"
EXERCISE = "title: T\ngoal: G\npoints: 3\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def course(tmp_path):
    """Make a course of these exercises: course({"first/a": "after: [b]"})."""

    def make(exercises, header=HEADER):
        write(tmp_path / "exercises/course.yaml", header)
        for place, more in exercises.items():
            folder = tmp_path / "exercises" / place
            write(folder / "exercise.yaml", EXERCISE + more)
            write(folder / "stub.py", "")
        return tmp_path

    return make


def slugs(root):
    return [each.slug for each in catalogue.load(root).exercises]


def refused(root):
    with pytest.raises(UsageError) as caught:
        catalogue.load(root)
    return str(caught.value)


# load


def test_an_exercise_knows_its_unit_and_both_folders(course):
    root = course({"second/a": "after: []"})
    loaded = catalogue.load(root)
    (only,) = loaded.exercises
    assert (loaded.title, [unit.slug for unit in loaded.units]) == ("A course", ["first", "second"])
    assert (only.slug, only.unit, only.points) == ("a", "second", 3)
    assert only.folder == root / "exercises/second/a"
    assert only.solution == root / "solutions/second/a"
    assert only.stub == only.folder / "stub.py" and only.is_code


def test_units_come_in_their_order_and_exercises_by_name(course):
    assert slugs(course({"second/a": "", "first/c": "", "first/b": ""})) == ["b", "c", "a"]


def test_an_exercise_comes_after_those_that_it_names(course):
    root = course(
        {"first/a": "after: [d, c]", "first/b": "", "first/c": "after: [d]", "first/d": ""}
    )
    assert slugs(root) == ["d", "c", "a", "b"]


def test_long_lists_of_earlier_exercises_are_ordered_at_once(course):
    names = [f"e{i:02}" for i in range(30)]
    exercises = {f"first/{n}": f"after: [{', '.join(names[i + 1 :])}]" for i, n in enumerate(names)}
    assert slugs(course(exercises)) == names[::-1]


@pytest.mark.parametrize(
    "exercises",
    [
        {"first/a": "after: [a]"},
        {"first/a": "after: [b]", "first/b": "after: [a]"},
        {"first/a": "after: [b]", "first/b": "after: [c]", "first/c": "after: [b]"},
    ],
    ids=["itself", "two", "behind another"],
)
def test_a_circle_is_refused(course, exercises):
    assert "exercise.yaml: `after` goes in a circle." in refused(course(exercises))


@pytest.mark.parametrize(
    "exercises", [{"first/a": "after: [x]"}, {"first/a": "after: [x]", "second/x": ""}]
)
def test_an_unknown_exercise_in_after_is_refused(course, exercises):
    assert refused(course(exercises)) == "a/exercise.yaml: after: no exercise `x` here."


def test_a_name_in_two_units_is_refused(course):
    message = refused(course({"first/a": "", "second/a": ""}))
    assert message == "two exercises are named a; names are unique."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("pionts: 3\n", "a/exercise.yaml line 4: pionts: Extra inputs are not permitted"),
        ("limits:\n  cpu: 3\n", "a/exercise.yaml line 5: limits.cpu: "),
        ("rules: {forbid: softmax}\n", "a/exercise.yaml line 4: rules.forbid: "),
        ("pass_mark: 1.5\n", "a/exercise.yaml line 4: pass_mark: "),
        ("track: hard\n", "a/exercise.yaml line 4: track: "),
        ("points: 4\n", "a/exercise.yaml line 4: `points` stands here twice."),
        ("after: [\n", "a/exercise.yaml line 5: "),
    ],
)
def test_a_wrong_key_is_named_with_file_and_line(course, more, said):
    assert refused(course({"first/a": more})).startswith(said)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("title: T\n", "course.yaml line 1: units: Field required"),
        ("title: T\nunits:\n- {slug: a}\n", "course.yaml line 3: units.0.title: Field required"),
        ("title: T\nunits: []\nauthor: me\n", "course.yaml line 3: author: "),
        ("", "course.yaml: expected `key: value` lines, got NoneType."),
    ],
)
def test_a_wrong_header_is_named_with_its_line(course, header, said):
    assert refused(course({}, header)).startswith(said)


def test_a_unit_without_exercises_is_fine(course):
    assert slugs(course({})) == []


# find_root


def test_the_course_is_the_nearest_folder_above(course, monkeypatch):
    root = course({"first/a": ""})
    monkeypatch.chdir(root / "exercises/first/a")
    assert catalogue.find_root() == root
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    assert catalogue.find_root() == COURSE and catalogue.find_root(root) == root


def test_a_folder_that_is_no_course_is_refused_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (tmp_path, Path()):
        with pytest.raises(UsageError) as caught:
            catalogue.find_root(given)
        assert (
            str(caught.value) == f"{tmp_path.name} is no course: it has no exercises/course.yaml."
        )


# find


@pytest.fixture
def several(course):
    return catalogue.load(course(dict.fromkeys(["first/softmax", "first/sums", "second/conv"], "")))


def test_an_exercise_is_found_by_its_name(several):
    assert catalogue.find(several, "conv").unit == "second"


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("sotfmax", "no exercise named `sotfmax`. Did you mean: softmax."),
        ("sum", "no exercise named `sum`. Did you mean: sums."),
        ("zzz", "no exercise named `zzz`. Known: conv, softmax, sums."),
        ("", "no exercise named ``. Known: conv, softmax, sums."),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_ones(several, slug, said):
    with pytest.raises(UsageError) as caught:
        catalogue.find(several, slug)
    assert str(caught.value) == said


def test_in_an_empty_course_no_name_is_known(course):
    with pytest.raises(UsageError, match="no exercise named `a`"):
        catalogue.find(catalogue.load(course({})), "a")


# exercise_of


@pytest.mark.parametrize(
    "place", ["sums.py", "elsewhere/sums.yaml", "sums/mine.py", "conv/sums.py"]
)
def test_a_file_belongs_to_the_exercise_of_its_name_or_folder(several, tmp_path, place):
    assert catalogue.exercise_of(several, tmp_path / place).slug == "sums"


def test_a_file_in_the_current_folder_belongs_to_its_exercise(several, tmp_path, monkeypatch):
    (tmp_path / "sums").mkdir()
    monkeypatch.chdir(tmp_path / "sums")
    assert catalogue.exercise_of(several, Path("mine.py")).slug == "sums"


def test_a_file_of_no_exercise_is_refused_with_the_way_out(several, tmp_path):
    with pytest.raises(UsageError, match=r"use `grade run SLUG --file mine.py`"):
        catalogue.exercise_of(several, tmp_path / "mine.py")


# read_submission


def test_a_submission_is_its_name_and_its_bytes(tmp_path):
    path = write(tmp_path / "a.py", "x = 'é'\n")
    submission = catalogue.read_submission(path)
    assert (submission.name, submission.content) == ("a.py", "x = 'é'\n".encode())


def test_what_is_no_file_is_refused_by_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    large = tmp_path / "large.py"
    with large.open("wb") as file:
        file.truncate(catalogue.MAX_SUBMISSION + 1)
    for path, said in [
        (tmp_path, "is a folder"),
        (tmp_path / "missing.py", "there is no file missing.py"),
        (tmp_path / "pipe", "is no regular file"),
        (large, "large.py has 1.0 MB; at most 1 MB of source is graded."),
    ]:
        with pytest.raises(UsageError) as caught:
            catalogue.read_submission(path)
        assert said in str(caught.value) and str(tmp_path.parent) not in str(caught.value)


def test_the_largest_submission_is_read(tmp_path):
    path = write(tmp_path / "a.py", "#" * catalogue.MAX_SUBMISSION)
    assert len(catalogue.read_submission(path).content) == catalogue.MAX_SUBMISSION


# mistakes and hints


@pytest.fixture
def private(course):
    """The one exercise of a course, and a function that writes into its private half."""
    (only,) = catalogue.load(course({"first/a": ""})).exercises
    return only, lambda name, text: write(only.solution / name, text)


@pytest.mark.parametrize(
    "text",
    [
        '"""You forgot\nthe  scale.\ncaught by: check_scale\n"""\n',
        '\n"""You forgot the scale.\ncaught by: check_scale\n"""\nx = 1\n',
        'from math import pi\n\n"""You forgot the scale.\ncaught by: check_scale"""\n',
        'r"""You forgot the scale.\n\ncaught by: check_scale, at large sizes\n"""\n',
    ],
)
def test_the_docstring_of_a_mistake_is_its_sentence_and_its_check(private, text):
    exercise, put = private
    path = put("mistakes/unscaled.py", text)
    (mistake,) = catalogue.mistakes(exercise)
    assert mistake == ("unscaled", path, "You forgot the scale.", "check_scale")


@pytest.mark.parametrize(
    "text",
    ["", "x = 1\n", '"""You forgot."""\n', '"""You forgot.\ncaught by: somebody"""\n', "# a\n"],
)
def test_a_mistake_without_its_two_lines_is_our_fault(private, text):
    exercise, put = private
    put("mistakes/unscaled.py", text)
    with pytest.raises(GraderFault, match=r"^a/mistakes/unscaled.py needs a docstring"):
        catalogue.mistakes(exercise)


CHANGED = """says: You forgot the scale.
caught_by: check_scale
edits:
  - old: x / 2
    new: x
"""


def test_a_mistake_may_be_edits_of_the_reference(private):
    exercise, put = private
    put("reference.py", "def half(x):\n    return x / 2\n")
    path = put("mistakes/unscaled.yaml", CHANGED)
    put("mistakes/apart.py", '"""You did.\ncaught by: check_it\n"""\nx = 1\n')
    first, second = catalogue.mistakes(exercise)
    assert second == ("unscaled", path, "You forgot the scale.", "check_scale")
    assert catalogue.source(exercise, path) == "def half(x):\n    return x\n"
    assert catalogue.source(exercise, first.path).endswith("x = 1\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("caught_by: check_scale", "caught_by: somebody", "line 2: caught_by"),
        ("says: You forgot the scale.", "sais: x", "line 1: sais"),
        ("x / 2", "x / 3", "does not find 'x / 3' exactly once"),
        ("old: x / 2", "old: x", "does not find 'x' exactly once"),
        ("edits:", "edits: [", "line 4: did not find"),
    ],
)
def test_a_changed_reference_that_is_not_sound_is_our_fault(private, old, new, words):
    exercise, put = private
    put("reference.py", "def half(x):\n    return x / 2\n")
    path = put("mistakes/unscaled.yaml", CHANGED.replace(old, new))
    with pytest.raises(GraderFault, match=f"^a/mistakes/unscaled.yaml.*{re.escape(words)}"):
        catalogue.mistakes(exercise)
        catalogue.source(exercise, path)


def test_mistakes_come_in_order_of_their_names(private):
    exercise, put = private
    assert catalogue.mistakes(exercise) == ()
    for name in "cab":
        put(f"mistakes/{name}.py", f'"""{name}.\ncaught by: check_{name}"""\n')
    assert [each.name for each in catalogue.mistakes(exercise)] == ["a", "b", "c"]


def test_hints_are_the_texts_under_the_headings(private):
    exercise, put = private
    assert catalogue.hints(exercise) == ()
    put(
        "hints.md",
        "# Hints\nnot one\n## First\nLook.\n\nAgain.\n## Empty\n\n## Second\n### deeper\nDo.\n",
    )
    assert catalogue.hints(exercise) == ("Look.\n\nAgain.", "### deeper\nDo.")


def test_an_exercise_outside_of_the_course_is_read_from_its_two_halves(tmp_path):
    write(tmp_path / "exams/mock/build/exercise.yaml", EXERCISE)
    found = catalogue.read_exercise(tmp_path / "exams/mock/build", tmp_path / "hidden/build")
    assert (found.unit, found.slug, found.points) == ("mock", "build", 3)
    assert found.solution == tmp_path / "hidden/build" and not found.has_hidden_checks
    with pytest.raises(UsageError, match=r"there is no file none/exercise.yaml"):
        catalogue.read_exercise(tmp_path / "none", tmp_path / "none")
