from __future__ import annotations

import csv
from html.parser import HTMLParser
from io import StringIO

import pytest
import sample_verdicts as sample

from grader.bulk import summary
from grader.bulk.intake import Trouble
from grader.model import Status


def graded(learner, *right, exercise="softmax", **changes):
    """A verdict of three checks, the first worth two of four shares."""
    outcomes = [
        sample.passed(
            f"check_{n}",
            f"Claim {n} holds.",
            status=Status.PASSED if ok else Status.FAILED,
            weight=2 if n == 0 else 1,
            seconds=n + 0.5,
            mistakes=() if ok else (f"Mistake {n}.",),
        )
        for n, ok in enumerate(right)
    ]
    return sample.verdict(
        exercise, "basics", exercise.title(), *outcomes, learner=learner, **changes
    )


CLASS = (
    graded("ada", True, True, True),
    graded("bob", True, True, False),
    graded("eve", False, True, False),
    graded("zoe", False, False, False),
    graded("ada", True, True, exercise="sums", points=6),
)


def test_points_are_added_for_each_learner():
    found = summary.summarise(CLASS)
    assert found.scores["ada"] == {"softmax": 40, "sums": 6}
    assert found.totals == {"ada": 46, "bob": 30, "eve": 10, "zoe": 0}
    assert found.points == 46
    assert found.bins == (1, 0, 1, 0, 0, 0, 1, 0, 0, 1)


def test_an_exercise_is_told_in_shares_means_and_tenths():
    softmax, sums = summary.summarise(CLASS).exercises
    assert (softmax.slug, softmax.tried, softmax.passed) == ("softmax", 4, 0.25)
    assert (softmax.mean, softmax.median) == (20, 20)
    assert softmax.bins == (1, 0, 1, 0, 0, 0, 0, 1, 0, 1)
    assert (sums.tried, sums.passed) == (1, 1)


def test_a_check_is_told_by_who_passed_it_how_it_tells_them_apart_and_its_time():
    first, second, third = summary.summarise(CLASS).exercises[0].checks
    assert [each.passed for each in (first, second, third)] == [0.5, 0.75, 0.25]
    assert [each.seconds for each in (first, second, third)] == [0.5, 1.5, 2.5]
    # Passed 1 1 0 0, 1 1 1 0 and 1 0 0 0 against the others' weights 2 1 1 0, 3 2 0 0 and 3 3 1 0.
    assert first.discrimination == pytest.approx(0.5 / (1 * 0.5) ** 0.5)
    assert second.discrimination == pytest.approx(1.25 / (0.75 * 6.75) ** 0.5)
    assert third.discrimination == pytest.approx(1.25 / (0.75 * 6.75) ** 0.5)


def test_a_check_that_all_pass_tells_nobody_apart():
    assert {check.discrimination for check in summary.summarise(CLASS[:1]).exercises[0].checks} == {
        None
    }


def test_a_mistake_counts_once_for_a_learner():
    twice = graded("ada", False, False)
    same = [each.model_copy(update={"mistakes": ("Alike.",)}) for each in twice.outcomes]
    found = summary.summarise([twice.model_copy(update={"outcomes": tuple(same)}), CLASS[3]])
    assert found.exercises[0].mistakes == (
        *(("Alike.", 1), ("Mistake 0.", 1), ("Mistake 1.", 1), ("Mistake 2.", 1)),
    )


def test_a_grader_fault_costs_nobody_points_and_is_noted():
    fault = graded("eve", True).model_copy(
        update={"outcomes": (sample.passed("c", "C.", status=Status.GRADER_FAULT),)}
    )
    found = summary.summarise([CLASS[0], fault])
    assert found.faults == 1
    assert found.scores["eve"] == {}
    assert found.exercises[0].tried == 1
    assert "softmax is a grader fault" in summary.as_csv(found)


def test_the_table_has_a_row_for_each_learner_those_in_trouble_too():
    troubles = [Trouble("=1+1", "a.zip is no whole zip archive."), Trouble("bob", "b.zip, too.")]
    rows = [*csv.DictReader(StringIO(summary.as_csv(summary.summarise(CLASS, troubles))))]
    assert rows[0] == {
        **{"learner": "'=1+1", "softmax": "", "sums": "", "total": "0"},
        "note": "a.zip is no whole zip archive.",
    }
    assert [row["learner"] for row in rows] == ["'=1+1", "ada", "bob", "eve", "zoe"]
    assert [row["total"] for row in rows] == ["0", "46", "30", "10", "0"]
    assert rows[2]["note"] == "b.zip, too."


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.words = [], set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def test_the_page_is_whole_without_a_script_and_says_what_counts():
    troubles = [Trouble("<b>mallory</b>", "\x1b[31mbroken\u202e.")]
    page = summary.as_html(summary.summarise(CLASS, troubles), "Autumn <1>")
    tags = Tags(page)
    assert tags.open == [] and not {"script", "b", "img", "iframe"} & tags.seen
    assert "<h1>Autumn &lt;1&gt;</h1>" in page and "&lt;b&gt;mallory&lt;/b&gt;" in page
    assert "\x1b" not in page and "\u202e" not in page
    for text in ("5 learners", "2 exercises, 46 points", "4 handed in, 25 % passed"):
        assert text in page
    for text in ("Claim 2 holds.", "0.71", "Mistake 0.", "Slowest checks", "Not graded"):
        assert text in page
    assert "0 to below 4" in page and "36 to 40" in page


def test_a_page_of_nothing_but_trouble_can_be_drawn():
    page = summary.as_html(summary.summarise([], [Trouble("ada", "nothing.")]), "Class")
    assert "1 learner<" in page and "0 exercises" in page


def test_tenths_hold_their_ends():
    assert summary.bins([0, 1, 9.99, 10, 10], 10) == (1, 1, 0, 0, 0, 0, 0, 0, 0, 3)
    assert summary.bins([0, 0], 0) == (0,) * 10
