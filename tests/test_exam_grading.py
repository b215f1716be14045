"""A class is graded: bundles in, signed results out, and what staff decide afterwards."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import COURSE
from sample_exam import refuses, typed_in

from grader.exam import classroom, grading, marking, papers, place, signing
from grader.exam.classroom import Classroom
from grader.exam.page import marked
from grader.model import GraderFault, Outcome, Refused, Status, UsageError
from grader.sitting import Log, ManualClock, bundle, log, rules

EXAM = COURSE / "exams/quiz"
RIGHT = {
    "first": "def double(x):\n    return 2 * x\n",
    "second": "def half(x):\n    return x / 2\n",
}
WRONG = {"first": "def double(x):\n    return x * x + 9\n", "second": RIGHT["second"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class of three with their bundles: ada is right, bob half wrong, eve hands in nothing."""
    folder = tmp_path_factory.mktemp("exam")
    roster = folder / "roster.csv"
    roster.write_text("learner\nada\nbob\neve\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BALLAST", 1 << 16)
        room = classroom.create(folder / "class", EXAM, roster, "own")
        (room.folder / "bundles").mkdir()
        for learner, files in (("ada", RIGHT), ("bob", WRONG), ("eve", {})):
            sit(room, learner, files, folder)
    return room


def sit(room, learner, files, folder):
    """A whole sitting; its bundle lies in the class."""
    clock = ManualClock()
    desk = place.start(room.ticket(learner, EXAM), folder, clock)
    with closing(desk.sitting(clock)) as sitting:
        for part in ("first", "second"):
            sitting.open(part)
            if part in files:
                (desk.folder / f"{part}.py").write_text(files[part])
            sitting.submit(part)
        sitting.next()
        bundle.write(sitting.log, room.folder / "bundles" / f"{learner}.bundle")


@pytest.fixture(scope="module")
def marked_class(made, tmp_path_factory, isolation):
    """The same class when ada is graded."""
    room = Classroom(Path(shutil.copytree(made.folder, tmp_path_factory.mktemp("done") / "class")))
    found, fresh = grading.grade(room, handed_in(room, "ada"), EXAM, isolation)
    assert fresh and found.passed
    return room


@pytest.fixture
def room(request, tmp_path):
    """A copy of the class, which a test may change."""
    which = "marked_class" if "graded" in request.fixturenames else "made"
    return Classroom(
        Path(shutil.copytree(request.getfixturevalue(which).folder, tmp_path / "class"))
    )


@pytest.fixture
def grade(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    monkeypatch.setenv("GRADER_STAFF", "Dr Hill")
    return typed_in(monkeypatch, capsys)


def handed_in(room, learner):
    return room.folder / "bundles" / f"{learner}.bundle"


def test_a_class_is_graded_two_at_a_time_and_what_is_done_stays_done(room, grade):
    done = grade("grade class -j 2")
    assert done.code == 0, done
    rows = sorted(line.split("] ", 1)[1] for line in done.out.splitlines())
    assert rows == [
        "ada.bundle: ada: 10/10, passed (first 6/6, second 4/4)",
        "bob.bundle: bob: 4/10, not passed (first 0/6, second 4/4)",
        "eve.bundle: eve: 0/10, not passed (first 0/6, second 0/4)",
    ]
    before = {path.name: path.read_bytes() for path in (room.folder / "results").iterdir()}
    assert sorted(before) == [
        f"{n}.{kind}" for n in ("ada", "bob", "eve") for kind in ("html", "json")
    ]
    again = grade("grade class -j 2")
    assert again.code == 0 and again.out.count("(graded before)") == 3
    assert before == {path.name: path.read_bytes() for path in (room.folder / "results").iterdir()}


@pytest.fixture
def graded(room):
    """Ada's result."""
    return grading.write(room, "ada")


def test_the_result_says_what_it_rests_on(room, graded):
    assert graded.level == "own" and graded.assurance.startswith("self-attested")
    first = graded.parts[0]
    assert [line.claim for line in first.checks if line.worth] == [
        "double(1) is 2.",
        "double(-4) is 2 times -4.",
    ]
    assert first.closed == "submitted" and list(first.files) == ["first.py"]
    assert set(graded.hashes) >= {"first/checks.py", "second/reference.py"}
    with closing(Log(room.folder / "graded/ada.db")) as kept:
        assert kept.rows()[graded.events - 1].hash == graded.head
        assert not kept.verify(bytes.fromhex(room.candidate("ada").key))


def test_the_same_sitting_graded_again_gives_the_same_result(room, graded, isolation):
    again, fresh = grading.grade(room, handed_in(room, "ada"), EXAM, isolation, again=True)
    assert fresh and again == graded


def test_a_result_is_signed_and_every_changed_byte_is_seen(room, graded):
    path, public = room.folder / "results/ada.json", room.folder / "public.pem"
    assert signing.verify(path, public) == graded
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises((Refused, UsageError)):
            signing.verify(path, public)


def test_another_class_has_not_signed_it(room, graded, tmp_path):
    (tmp_path / "r.csv").write_text("learner\nada\n")
    other = classroom.create(tmp_path / "other", EXAM, tmp_path / "r.csv", "own")
    with pytest.raises(Refused, match="not what this class signed"):
        signing.verify(room.folder / "results/ada.json", other.folder / "public.pem")


def test_staff_override_and_release_with_names_and_reasons(room, graded, grade):
    assert refuses(grade("override class ada first --score 7 --reason late"), "0 to 6 points")
    assert refuses(grade("override class ada first --score nan --reason late"), "0 to 6 points")
    assert grade("override class bob first --score 1 --reason late").code == 2
    done = grade(["override", "class", "ada", "first", "--score", "2.5", "--reason", "copied"])
    assert done.out == "ada: 6.5/10, not passed (first 2.5/6, second 4/4)\n"
    result = json.loads((room.folder / "results/ada.json").read_text())["result"]
    given = {"score": 2.5, "by": "Dr Hill", "reason": "copied"}
    assert result["parts"][0]["override"] == given and result["parts"][0]["marked"] == 6
    assert "Dr Hill gave 2.5: copied" in (room.folder / "results/ada.html").read_text()
    released = grade("release class ada")
    assert released.code == 0 and "released" in released.out
    assert refuses(grade("release class ada"), "only one that is graded is released")


def test_an_override_survives_when_the_sitting_is_graded_again(room, graded, grade):
    grade(["override", "class", "ada", "first", "--score", "3", "--reason", "half"])
    done = grade("grade class class/bundles/ada.bundle --again")
    assert done.code == 0 and "first 3/6" in done.out


def test_a_log_that_was_changed_is_not_graded(room, grade):
    path = handed_in(room, "bob")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    assert refuses(grade(["grade", "class", path]), "not sound")
    assert not (room.folder / "graded/bob.db").exists()


def test_a_bundle_of_another_class_is_refused(room, grade, tmp_path):
    (tmp_path / "r.csv").write_text("learner\nada\n")
    classroom.create(tmp_path / "other", EXAM, tmp_path / "r.csv", "own")
    done = grade(["grade", "other", handed_in(room, "ada")])
    assert refuses(done, "the log is not sound")
    assert refuses(
        grade(["grade", "other", handed_in(room, "bob")]), "no learner `bob` in this class"
    )


def test_another_sitting_does_not_replace_one_that_was_graded(room, graded, grade, tmp_path):
    sit_again = tmp_path / "again"
    sit_again.mkdir()
    handed_in(room, "ada").unlink()
    sit(room, "ada", WRONG, sit_again)
    assert refuses(grade(["grade", "class", handed_in(room, "ada")]), "was graded before")


def test_one_bad_bundle_costs_only_itself(room, graded, grade):
    handed_in(room, "bob").write_bytes(b"no bundle")
    done = grade("grade class -j 2")
    assert done.code == 4 and done.out.count("10/10") == 1 and done.out.count("0/10") == 2
    assert (
        "bob.bundle: Refused: bob.bundle is not graded: bob.bundle is not a whole bundle"
        in done.out
    )


def test_an_empty_folder_is_wrong_usage(room, grade, tmp_path):
    (tmp_path / "none").mkdir()
    assert grade("grade class none").code == 2


def test_a_grader_that_is_killed_in_the_middle_goes_on(room, isolation, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(grading, "mark", killed)
        with pytest.raises(KeyboardInterrupt):
            grading.grade(room, handed_in(room, "ada"), EXAM, isolation)
    found, fresh = grading.grade(room, handed_in(room, "ada"), EXAM, isolation)
    assert fresh and found.score == 10


def test_a_lost_file_is_our_fault_and_nothing_is_marked(room, graded):
    path = room.folder / "graded/ada.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM blobs")
    with closing(Log(path)) as kept, pytest.raises(GraderFault, match="is missing"):
        state = rules.fold(kept.new())
        marking.handed_in(kept, state.parts[0])


def test_sentences_that_earned_points_are_marked_and_the_rest_is_escaped():
    said = Outcome(
        check="c", claim="c", status=Status.PASSED, message='"The loss is one half of < 3 & more."'
    )
    text = "One <b>two</b>.\nThe loss is one\nhalf of < 3 & more. Three."
    shown = marked(text, [said])
    assert "<mark>The loss is one\nhalf of &lt; 3 &amp; more.</mark> Three" in shown
    assert "&lt;b&gt;two" in shown and "<b>" not in shown


def test_a_mock_exam_is_graded_where_it_was_sat_with_all_that_was_found(
    tmp_path, monkeypatch, isolation
):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)
    clock = ManualClock()
    desk = place.start(papers.practice(EXAM, 1), tmp_path, clock)
    with closing(desk.sitting(clock)) as sitting:
        for part in ("first", "second"):
            sitting.open(part)
            (desk.folder / f"{part}.py").write_text(WRONG[part])
            sitting.submit(part)
        sitting.next()
    found, verdicts, html = grading.practise(desk, EXAM, isolation)
    assert (found.level, found.score, found.passed) == ("mock", 4, False)
    assert [verdict.passed for verdict in verdicts.values()] == [False, True]
    assert "it does not count" in html.read_text("utf-8") and html.parent == desk.folder
