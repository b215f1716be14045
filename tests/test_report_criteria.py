from __future__ import annotations

import pytest
import sample_verdicts as sample
from conftest import COURSE

from grader import catalogue
from grader.model import Counted, Course, Criteria, Criterion, Status, UsageError
from grader.report import as_html
from grader.report.criteria import State, state, table


def verdict(slug, *statuses, **changes):
    outcomes = [
        sample.passed(f"check_{n}", "A claim.", status=status) for n, status in enumerate(statuses)
    ]
    return sample.verdict(slug, "basics", slug.capitalize(), *outcomes, **changes)


PASS, FAIL, NONE, SELF = (
    Status.PASSED,
    Status.FAILED,
    Status.NOT_APPLICABLE,
    Status.SELF_ASSESSED,
)
COUNTED = Counted(score=40, why="Ada gave 40 points.")


@pytest.mark.parametrize(
    ("by", "verdicts", "expected"),
    [
        (["a"], [], State.UNTRIED),
        (["a"], [verdict("a", PASS)], State.PASSED),
        (["a"], [verdict("a", PASS, FAIL)], State.FAILED),
        (["a", "b"], [verdict("a", PASS)], State.UNTRIED),
        (["a", "b"], [verdict("a", PASS), verdict("b", FAIL)], State.FAILED),
        (["a"], [verdict("a", PASS, stand_ins=("mnist",))], State.FALLBACK),
        (["a"], [verdict("a", FAIL, stand_ins=("mnist",))], State.FAILED),
        (["a"], [verdict("a", PASS, SELF)], State.SELF_ASSESSED),
        (["a"], [verdict("a", PASS, SELF, counted=COUNTED)], State.PASSED),
        (["a"], [verdict("a", PASS, NONE)], State.PASSED),
        (["a: check_1"], [verdict("a", PASS, NONE)], State.NOT_APPLICABLE),
        (["a: check_1"], [verdict("a", FAIL, PASS)], State.PASSED),
        (["a: check_1"], [verdict("a", PASS, Status.SKIPPED)], State.FAILED),
        (["a: check_7"], [verdict("a", PASS)], State.FAILED),
        (["a", "b: check_0"], [verdict("a", PASS), verdict("b", NONE, PASS)], State.NOT_APPLICABLE),
    ],
)
def test_a_line_is_as_good_as_the_least_of_what_shows_it(by, verdicts, expected):
    line = Criterion(says="You can.", by=by)
    assert state(line, {each.exercise: each for each in verdicts}) is expected


def test_nothing_that_does_not_apply_is_a_pass_or_costs_points():
    assert not verdict("a", NONE).passed and verdict("a", NONE).score == 0
    assert verdict("a", PASS, NONE).passed and verdict("a", PASS, NONE).score == 40
    assert not verdict("a", FAIL, NONE).passed


def test_the_page_of_a_whole_course_shows_each_line_with_its_exercises():
    course = catalogue.load(COURSE)
    first, second = course.exercises[:2]
    lines = (
        Criterion(says="You can do the `first`.", by=(first.slug,)),
        Criterion(says="And both.", by=(f"{first.slug}: check_0", second.slug)),
    )
    course = course.model_copy(update={"criteria": (Criteria(title="In the end", lines=lines),)})
    done = sample.verdict(first.slug, first.unit, first.title, sample.passed("check_0", "It is."))
    ((title, rows),) = table(course, [done])
    assert title == "In the end" and [each.state for each in rows] == [State.PASSED, State.UNTRIED]
    assert rows[1].by == (first.title, second.title)
    page = as_html([done], course.title, course)
    assert "<h2>In the end</h2>" in page and "You can do the <code>first</code>." in page
    assert "In the end" not in as_html([done], course.title)
    assert "In the end" not in as_html([done], course.title, Course(title="Bare", units=()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("T: [{says: S, by: [nowhere]}]", "`nowhere` is no exercise"),
        ("T: [{says: S, by: []}]", "criteria.yaml line 1"),
    ],
)
def test_a_list_that_names_what_is_not_there_is_refused(tmp_path, text, words):
    (tmp_path / "exercises/basics").mkdir(parents=True)
    (tmp_path / "exercises/course.yaml").write_text(
        "title: T\nunits: [{slug: basics, title: Basics}]\n"
    )
    (tmp_path / "exercises/criteria.yaml").write_text(text + "\n")
    with pytest.raises(UsageError, match=words):
        catalogue.load(tmp_path)
