from __future__ import annotations

import os
import threading
import time

import pytest
from conftest import COURSE
from sample_verdicts import passed, verdict

from grader import authoring, catalogue, workspace
from grader.box import Box
from grader.lending import Progress
from grader.model import GraderFault, UsageError
from grader.watching import Files, Grading, Watch

LOOP = "def softmax(x, dim=-1):\n    while True: pass\n"


@pytest.fixture
def course():
    return catalogue.load(COURSE)


@pytest.fixture
def home(tmp_path, course):
    workspace.init(tmp_path, COURSE, course)
    return workspace.Workspace(tmp_path)


@pytest.fixture
def file(home, course):
    return home.file_of(catalogue.find(course, "softmax"))


@pytest.fixture
def watched(course, home, isolation):
    watch = Watch(course, home, isolation, "somebody")
    yield watch
    watch.close()


def result(watch, within_s=60):
    """The verdict that comes next."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if verdict := watch.result():
            return verdict
        time.sleep(0.01)
    raise TimeoutError


def looks(files, count=3):
    return [files.saved() for _ in range(count)]


def test_nothing_is_saved_at_first(course, home):
    assert looks(Files(course, home)) == [None] * 3


def test_a_save_is_seen_once_when_its_writer_has_finished(course, home, file):
    files = Files(course, home)
    file.write_text("one")
    assert files.saved() is None  # it may still be written
    file.write_text("one and more")
    assert files.saved() is None
    exercise, path = files.saved()
    assert (exercise.slug, path) == ("softmax", file)
    assert looks(files) == [None] * 3


def test_an_atomic_save_by_renaming_is_seen(course, home, file):
    files = Files(course, home)
    stat = file.stat()
    other = file.with_suffix(".tmp")
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.rename(file)  # same bytes, same time: only the file is another
    assert [each is not None for each in looks(files)] == [False, True, False]


def test_a_file_deleted_and_made_again_is_seen_when_it_is_back(course, home, file):
    files, text, stat = Files(course, home), file.read_bytes(), file.stat()
    file.unlink()
    assert looks(files) == [None] * 3
    file.write_bytes(text)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert any(looks(files))


def test_of_several_saves_the_last_one_counts(course, home, file):
    files = Files(course, home)
    other = home.file_of(catalogue.find(course, "sums"))
    other.write_text("- 1")
    file.write_text("x")
    os.utime(other, ns=(2 * 10**18, 2 * 10**18))
    saved = [each for each in looks(files) if each]
    assert [exercise.slug for exercise, _ in saved] == ["sums"]


def test_saves_are_graded_and_recorded_with_a_warm_box(watched, course, file, softmax_reference):
    softmax = catalogue.find(course, "softmax")
    watched.turn_to(softmax)
    box = watched._box
    for text, right in ((b"def softmax(x, dim=-1): return x", False), (None, True)):
        file.write_bytes(text or softmax_reference.content)
        watched.grade(file)
        verdict = result(watched)
        assert verdict.passed is right and verdict.learner == "somebody"
    assert watched._box is box and watched.result() is None
    assert [row.passed for row in watched.ledger.attempts()] == [False, True]


def test_a_save_stops_what_is_being_graded(watched, course, file, softmax_reference):
    watched.turn_to(catalogue.find(course, "softmax"))
    file.write_text(LOOP)
    watched.grade(file)
    began = time.monotonic()
    file.write_bytes(softmax_reference.content)
    watched.grade(file)
    assert result(watched).passed
    assert time.monotonic() - began < 15  # three checks of 5 CPU seconds each were not waited for
    assert len(watched.ledger.attempts()) == 1


def test_a_file_that_cannot_be_read_is_wrong_usage_and_watching_goes_on(
    watched, course, file, softmax_reference
):
    watched.turn_to(catalogue.find(course, "softmax"))
    file.unlink()
    watched.grade(file)
    with pytest.raises(UsageError, match=r"there is no file softmax\.py"):
        result(watched)
    file.write_bytes(softmax_reference.content)
    watched.grade(file)
    assert result(watched).passed


def test_in_a_kit_what_holds_is_not_next_again(tmp_path, isolation):
    kit = tmp_path / "kit"
    authoring.kit(COURSE, kit)
    course = catalogue.load(kit)
    workspace.init(tmp_path / "work", kit, course)
    watched = Watch(course, workspace.Workspace(tmp_path / "work"), isolation, "somebody")
    first, second, *_ = course.exercises
    holds = passed("check_it", "It holds.", weight=0)
    watched.ledger.record(verdict(first.slug, first.unit, first.title, holds))
    assert watched.next() == second


def test_next_is_the_first_unfinished_behind_the_one_at_hand(
    watched, course, file, softmax_reference
):
    softmax, sums = (catalogue.find(course, slug) for slug in ("softmax", "sums"))
    assert watched.next() == course.exercises[0]
    watched.turn_to(softmax)
    assert watched.next() == sums
    file.write_bytes(softmax_reference.content)
    watched.grade(file)
    result(watched)
    watched.turn_to(sums)
    assert watched.next() is None  # softmax is passed, and sums is at hand


def test_an_unexpected_exception_is_our_fault():
    def broken(tell):
        raise RuntimeError("no such thing")

    grading = Grading(broken)
    grading._thread.join()
    assert isinstance(grading.error, GraderFault) and "no such thing" in str(grading.error)


def test_what_is_unwanted_ends_at_its_next_word():
    go, told = threading.Event(), []

    def long(tell):
        go.wait(10)
        tell(Progress("a check"))
        told.append("went on")

    grading = Grading(long)
    threading.Timer(0.05, go.set).start()
    assert grading.stop(None) is False
    assert not told and grading.verdict is None and grading.error is None


def test_an_interrupted_box_runs_nothing_more(softmax, isolation):
    with Box(isolation, softmax.limits) as box:
        box.interrupt()
        with pytest.raises(KeyboardInterrupt):
            box.run().__enter__()


def test_the_first_failure_is_told_before_the_others_have_run(watched, course, file):
    watched.turn_to(catalogue.find(course, "softmax"))
    file.write_text("def softmax(x, dim=-1): return x")
    watched.grade(file)
    early, deadline = None, time.monotonic() + 60
    while early is None and time.monotonic() < deadline:
        early = watched.first_failure()
    final = result(watched)
    failed = [each for each in early.outcomes if each.status == "failed"]
    assert len(failed) == 1 and not early.passed
    assert final.outcomes[: len(early.outcomes)] == early.outcomes != final.outcomes
    assert watched.first_failure() is None
