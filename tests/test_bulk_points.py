"""What counts of a verdict, and the words for it in the summary and in every report."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import sample_verdicts as sample
from drawn_verdicts import rows, write

from grader.bulk import summary
from grader.bulk.late import Late
from grader.bulk.overrides import Override
from grader.bulk.points import Decisions
from grader.model import Status

DEADLINE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATE = Late(deadlines={"": DEADLINE}, per_day="10%", grace_s=0, most="100%")
TODAY = date(2026, 11, 30)
HALF = (
    sample.passed("a", "A holds."),
    sample.failed("b", "B holds.", message="no"),
)
ADA = sample.verdict("softmax", "basics", "Softmax", *HALF)
GIVEN = Override(learner="ada", exercise="softmax", score=36, by="Grace", reason="=1+1")


def decisions(*overrides, late=None, **hours_late):
    given = {(each.learner, each.exercise): each for each in overrides}
    times = {
        who: {"softmax": DEADLINE + timedelta(hours=hours)} for who, hours in hours_late.items()
    }
    return Decisions(given, late, times, TODAY)


def test_without_a_decision_the_verdict_is_what_it_was():
    assert decisions().of(ADA) is ADA
    assert decisions(late=LATE, ada=-1).of(ADA) is ADA
    assert decisions(late=LATE).of(ADA) is ADA
    assert ADA.counts == ADA.score == 20


def test_what_was_late_counts_less_and_the_verdict_keeps_its_score():
    found = decisions(late=LATE, ada=30).of(ADA)
    assert (found.score, found.counts, found.counted.penalty) == (20, 12, 8)
    assert found.counted.why == "The grader gave 20; 2 days late, 8 taken off"
    assert found.model_copy(update={"counted": None}) == ADA


def test_a_persons_word_is_the_last():
    found = decisions(GIVEN, late=LATE, ada=30).of(ADA)
    assert (found.score, found.counts) == (20, 36)
    said = "The grader gave 20; 2 days late, 8 taken off; Grace gave 36: =1+1"
    assert found.counted.why == said


def test_an_override_that_has_expired_counts_no_more_and_is_listed():
    given = GIVEN.model_copy(update={"expires": TODAY - timedelta(days=1)})
    assert decisions(given).of(ADA) is ADA
    (note,) = decisions(given).notes(ADA)
    assert note == ("ada", "softmax: the 36 that Grace gave expired on 2026-11-29.")
    assert decisions(GIVEN).notes(ADA) == []


def test_where_no_time_is_known_nothing_is_taken_off_and_that_is_told():
    (note,) = decisions(late=LATE).notes(ADA)
    assert note.text == "softmax: no time of hand-in is known, so nothing is taken off."
    assert decisions(late=LATE, ada=1).notes(ADA) == []


def test_the_table_of_the_policy_goes_before_what_the_export_says():
    table = LATE.model_copy(update={"times": {"ada": {"": DEADLINE}}})
    assert decisions(late=table, ada=99).of(ADA) is ADA


def test_a_fault_of_ours_is_never_late_but_a_person_may_give_points():
    fault = ADA.model_copy(
        update={"outcomes": (sample.passed("c", "C.", status=Status.GRADER_FAULT),)}
    )
    assert decisions(late=LATE, ada=30).of(fault) is fault
    found = decisions(GIVEN).of(fault)
    assert found.counts == 36 and found.counted.why.startswith("The grader failed; Grace gave 36")
    totals = summary.summarise([found])
    assert totals.faults == 1 and totals.totals == {"ada": 36}
    assert "ada,36,0,36" in summary.as_csv(totals)


BOB = ADA.model_copy(update={"learner": "bob"})
SUMS = sample.verdict("sums", "basics", "Sums", *HALF)


@pytest.fixture
def found():
    rule = decisions(GIVEN, late=LATE, bob=1)
    return summary.summarise(map(rule.of, (ADA, BOB, SUMS)), notes=rule.notes)


def test_the_table_has_both_points_where_they_differ_and_says_why(found):
    ada, bob = csv.DictReader(StringIO(summary.as_csv(found)))
    assert (ada["softmax"], ada["softmax (grader)"], ada["sums"]) == ("36", "20", "20")
    assert (bob["softmax"], bob["softmax (grader)"], bob["sums"]) == ("16", "20", "")
    assert ada["total"] == "56" and "sums (grader)" not in ada
    assert "Grace gave 36: =1+1." in ada["note"] and "1 day late" in bob["note"]


def test_statistics_stay_about_the_graders_points(found):
    assert [each.mean for each in found.exercises] == [20, 20]
    assert [each.passed for each in found.exercises] == [0, 0]


def test_the_page_shows_both_with_name_and_reason(found):
    page = summary.as_html(found, "Class")
    assert "2 results count other points than the grader gave" in page
    assert "The grader gave 20; Grace gave 36: =1+1" in page
    assert "no time of hand-in is known" in page


COUNTED = decisions(GIVEN, late=LATE, ada=30).of(ADA)


def test_canvas_is_given_what_counts_and_passes_over_the_graders_points():
    head, points, ada = rows(write("canvas", COUNTED, SUMS))
    assert head[4:] == ["softmax", "softmax by the grader (Current Points)", "sums"]
    assert points[4:] == ["40", "", "40"] and ada[4:] == ["36", "20", "20"]


def test_moodle_nbgrader_and_lti_tell_both():
    assert "20 of 40 points; The grader gave 20" in rows(write("moodle", COUNTED))[1][2]
    head, row = rows(write("nbgrader", COUNTED))
    told = dict(zip(head, row, strict=True))
    assert (told["raw_score"], told["late_submission_penalty"], told["score"]) == ("20", "8", "36")
    assert '"scoreGiven": 36.0' in write("lti", COUNTED)
    head, row, _ = rows(write("csv", COUNTED))
    assert (row[head.index("score")], row[head.index("counts")]) == ("20", "36")


@pytest.mark.parametrize("name", ["html", "markdown", "junit", "gradescope", "github"])
def test_every_report_to_a_learner_names_who_gave_what_and_why(name):
    from html import unescape

    text = unescape(write(name, COUNTED)).replace("\\", "")
    assert "The grader gave 20; 2 days late, 8 taken off; Grace gave 36: =1+1" in text
