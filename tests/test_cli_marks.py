"""`grade override`, `grade report OUT` and a late policy as typed; the slots are fake."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from class_commands import at_home, graded, hand_in, rest_on, typed
from drawn_verdicts import rows

from grader.bulk.results import Results
from grader.cli.marks import folder_names

OUT = "class-results"


@pytest.fixture
def grade(tmp_path, monkeypatch, capsys):
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("GRADER_STAFF", "Grace")
    return typed(monkeypatch, capsys)


@pytest.fixture
def classed(grade):
    """Two learners who are graded: ada has nothing, bob all of 10 points."""
    hand_in("ada", text="wrong")
    hand_in("bob")
    grade("bulk", "class", "-j", "1")
    return grade


def override(grade, score="8", *more, learner="ada", **kept):
    words = ("override", OUT, learner, "softmax", "--score", score, "--reason", "a typo", *more)
    return grade(*words, **kept)


def told(learner="ada"):
    with Path(OUT, "summary.csv").open(encoding="utf-8-sig") as file:
        return next(row for row in csv.DictReader(file) if row["learner"] == learner)


def records():
    return {path.name: path.read_bytes() for path in Path(OUT, "results").iterdir()}


def test_an_override_stands_beside_the_graders_points_and_changes_no_record(classed):
    before = records()
    override(classed, start="ada  softmax  8  (The grader gave 0; Grace gave 8: a typo)")
    assert records() == before
    row = told()
    assert (row["softmax"], row["softmax (grader)"], row["total"]) == ("8", "0", "8")
    assert row["note"] == "softmax: The grader gave 0; Grace gave 8: a typo."
    assert "Grace gave 8: a typo" in Path(OUT, "summary.html").read_text()
    assert told("bob")["softmax"] == "10"


def test_an_override_survives_grading_again_and_who_moved_is_told_beside_it(classed, monkeypatch):
    override(classed)
    Path("class/ada/softmax.py").write_text("pass")
    rest_on(monkeypatch, {"checks.py": "2"})
    moved = "ada  softmax  0 -> 10  (another submission; 8 by Grace counts)"
    classed("regrade", "class", "--changed", start=moved)
    assert (told()["softmax"], told()["softmax (grader)"]) == ("8", "10")


def test_an_override_counts_until_it_expires_and_is_listed_then(classed):
    day = datetime.now(UTC).date()
    override(classed, "8", "--expires", str(day + timedelta(days=2)))
    assert told()["softmax"] == "8" and f"until {day + timedelta(days=2)}" in told()["note"]
    override(classed, "9", "--expires", str(day - timedelta(days=1)), start="ada  softmax  0  (exp")
    assert told()["softmax"] == "0"
    assert f"softmax: the 9 that Grace gave expired on {day - timedelta(days=1)}" in told()["note"]
    assert "note: ada: softmax: the 9 that Grace gave expired" in classed.err
    assert "expired on" in Path(OUT, "summary.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eve", "softmax", "--score", "1"), "Error: nothing of eve is graded for softmax in"),
        (("ada", "sums", "--score", "1"), "Error: nothing of ada is graded for sums in"),
        (("ada", "softmax", "--score", "11"), "Error: 11 is not from 0 to 10, the points of"),
        (("ada", "softmax", "--score", "nan"), "Error: nan is not from 0 to 10"),
        (("ada", "softmax", "--score", "1", "--by", " "), "Error: an override has an author"),
    ],
)
def test_what_is_no_override_is_refused(classed, words, said):
    classed("override", OUT, *words, "--reason", "why", code=2, start=said)
    assert not Path(OUT, "overrides").exists()


def test_overrides_of_shards_are_merged(grade):
    for part, learner in (("one", "ada"), ("two", "bob")):
        hand_in(learner)
        grade("bulk", "class", "-o", part)
        words = ("override", part, learner, "softmax", "--score", "8", "--reason", "typo")
        grade(*words)
    grade("merge", "one", "two", "-o", OUT)
    assert told()["softmax"] == told("bob")["softmax"] == "8"


POLICY = """deadline: 2026-11-20T23:59+01:00
per_day: 10%
extensions: extensions.csv
times: times.csv
"""


@pytest.fixture
def policy():
    """Write the policy and its tables: policy(times="rows", extensions="rows")."""

    def make(times="", extensions=""):
        Path("late.yaml").write_text(POLICY)
        Path("times.csv").write_text(f"learner,exercise,time\n{times}")
        Path("extensions.csv").write_text(f"learner,exercise,deadline\n{extensions}")

    return make


def test_what_is_late_counts_less_and_is_not_graded_again(classed, policy):
    before = records()
    policy("bob,softmax,2026-11-22 09:00+01:00\n", "mallory,,2026-12-01T12:00Z\n")
    classed("bulk", "class", "--late", "late.yaml")
    assert records() == before and graded() == ["ada", "bob"]
    assert (told("bob")["softmax"], told("bob")["softmax (grader)"]) == ("8", "10")
    assert told("bob")["note"] == "softmax: The grader gave 10; 2 days late, 2 taken off."
    assert told()["note"] == "softmax: no time of hand-in is known, so nothing is taken off."
    assert "note: the tables name mallory, who handed in nothing." in classed.err


def test_a_late_policy_holds_until_another_is_given_and_an_extension_mends_it(classed, policy):
    policy("bob,softmax,2026-11-22 09:00+01:00\n")
    classed("bulk", "class", "--late", "late.yaml")
    classed("regrade", "class")
    assert told("bob")["softmax"] == "8"
    policy("bob,softmax,2026-11-22 09:00+01:00\n", "bob,softmax,2026-11-22T12:00Z\n")
    classed("bulk", "class", "--late", "late.yaml")
    assert told("bob")["softmax"] == "10" and told("bob")["note"] == ""


def test_the_time_of_hand_in_is_the_exports_own(grade, policy):
    hand_in("submission_1", "submission_2")
    Path("class/submission_metadata.yml").write_text(
        "submission_1:\n  :submitters:\n  - :sid: '7'\n  :created_at: 2026-11-21 00:30:00.0 Z\n"
        "submission_2:\n  :submitters:\n  - :sid: '8'\n  :created_at: yesterday\n"
    )
    policy()
    grade("bulk", "class", "--late", "late.yaml")
    assert (told("7")["softmax"], told("7")["softmax (grader)"]) == ("9", "10")
    assert "no time of hand-in is known" in told("8")["note"]


def test_a_class_is_reported_in_every_kind_of_format(classed):
    override(classed)
    words = ("-o", "junit.xml", "-o", "all.csv", "-o", "feedback/report.html")
    classed("report", OUT, *words, "-o", "canvas:grades.csv", "-o", "all.json")
    suites = Path("junit.xml").read_text()
    assert 'testsuite name="ada: softmax"' in suites and 'name="bob: softmax"' in suites
    pages = {path.parent.name: path.read_text() for path in Path("feedback").glob("*/*.html")}
    assert pages.keys() == {"ada", "bob"}
    assert "Grace gave 8: a typo" in pages["ada"] and "Grace" not in pages["bob"]
    ada, bob = json.loads(Path("all.json").read_text())["verdicts"]
    assert (ada["score"], ada["counted"]["score"], bob["counted"]) == (0, 8, None)
    grades = [row[2:] for row in rows(Path("grades.csv").read_text())]
    assert grades[2] == ["ada", "", "8", "0"] and grades[3] == ["bob", "", "10", "10"]


def test_without_a_format_the_summary_is_written_anew(classed):
    Path(OUT, "summary.csv").unlink()
    classed("report", OUT, start="Summary: class-results/summary.csv")
    assert told()["softmax"] == "0"
    classed("report", "class", code=2, start="Error: class holds no results; name a folder of")
    classed("report", "--roster", "r.csv", code=2, start="Error: --roster is about a class")


def test_learners_are_who_the_gradebook_knows_and_nobody_is_dropped(grade):
    hand_in("doejane_12", "roebo_13")
    grade("bulk", "class")
    Path("canvas.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Old (7)\n"
        '    Points Possible,,,,,10\n"Doe, Jane",12,S1,jdoe,A,3\n"Poe, Bo",14,S3,bpoe,B,\n'
    )
    grade("report", OUT, "-o", "canvas:grades.csv", "--roster", "canvas.csv")
    grades = [row[:5] for row in rows(Path("grades.csv").read_text())]
    assert grades[2] == ["Doe, Jane", "12", "jdoe", "A", "10"]
    assert grades[3] == ["roebo_13", "", "roebo_13", "", "10"]
    assert "not in the roster: roebo_13: no line fits" in grade.err


def test_a_learners_folder_is_one_of_its_own_whatever_the_name():
    names = ("ada", "Ada", "a/b", "a_b", "..", "", "x" * 300, "李雷", "con:")
    found = folder_names(names)
    folders = [each.casefold() for each in found.values()]
    assert len({*folders}) == len(names) and found["ada"] == "ada" and found["李雷"] == "李雷"
    for each in found.values():
        assert each == Path(each).name and each not in (".", "..") and len(each) <= 120


def test_damaged_files_of_a_folder_are_our_fault_with_a_cure(classed):
    for name in ("late.json", "times.json"):
        Path(OUT, name).write_text("{}x")
        start = f"Grader fault: class-results/{name} is damaged; delete it and run again."
        classed("report", OUT, code=3, start=start)
        Path(OUT, name).unlink()
    assert Results(Path(OUT)).troubles() == []


LOOP = """
def softmax(x, dim=-1):
    largest = None
    for index in range(x.shape[dim]):
        row = x.select(dim, index)
        largest = row if largest is None else largest.maximum(row)
    powers = [(x.select(dim, i) - largest).exp() for i in range(x.shape[dim])]
    total = sum(powers[1:], powers[0])
    return [each / total for each in powers]
"""


def test_code_that_is_alike_is_listed_and_shown_side_by_side(grade):
    hand_in("ada", text=LOOP)
    hand_in("bob", text=LOOP.replace("largest", "top"))
    hand_in("eve")
    said = grade("similar", "class", start="100%  softmax  ada  bob\n3 submissions, 1 pairs alike")
    assert "passed" not in said and not Path(OUT).exists()
    page = Path("class-similar.html").read_text()
    assert "<h2>ada and bob</h2>" in page and page.count("<mark>") >= 2 and "<script" not in page
