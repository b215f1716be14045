from __future__ import annotations

import json

import pytest
import sample_verdicts as sample

from grader.bulk.intake import File, Trouble, Work
from grader.bulk.results import Results, free_of, is_of, merge
from grader.ledger import digest
from grader.model import GraderFault, Status, UsageError


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "out")


def verdict(learner, exercise="softmax", passed=True, **changes):
    outcome = sample.passed("c", "C.", status=Status.PASSED if passed else Status.FAILED)
    return sample.verdict(exercise, "basics", "T", outcome, learner=learner, **changes)


def work(learner, softmax, sha256="5e0d" * 16):
    return Work(learner, softmax, File("softmax.py", None), sha256)


RESTS = {"softmax": digest(sample.HASHES)}


def test_what_was_graded_with_the_same_of_everything_is_left_alone(results, softmax):
    results.ledger.record(verdict("ada"))
    works = [work("ada", softmax), work("bob", softmax)]
    assert results.pending(works, RESTS) == works[1:]
    assert results.pending(works, {"softmax": digest({})}) == works
    assert results.pending([work("ada", softmax, "0" * 64)], RESTS) != []


def test_a_submission_that_comes_back_is_graded_again_because_the_newest_counts(results, softmax):
    results.ledger.record(verdict("ada"))
    results.ledger.record(verdict("ada", sha256="0" * 64, passed=False))
    works = [work("ada", softmax)]
    assert results.pending(works, RESTS) == works
    assert not results.newest()["ada", "softmax"].passed


def test_a_grader_fault_is_graded_again(results, softmax):
    fault = sample.passed("c", "C.", status=Status.GRADER_FAULT)
    results.ledger.record(sample.verdict("softmax", "basics", "T", fault))
    assert len(results.pending([work("ada", softmax)], RESTS)) == 1


def test_who_moved_is_told_with_what_changed(results):
    for learner in ("ada", "bob", "eve", "zoe"):
        results.ledger.record(verdict(learner))
    before = results.newest()
    changed = sample.HASHES | {"checks.py": "0" * 64, "mnist": "1" * 64}
    results.ledger.record(verdict("ada", passed=False, hashes=changed))
    results.ledger.record(verdict("bob", hashes=changed))
    results.ledger.record(verdict("eve", passed=False, sha256="0" * 64))
    results.ledger.record(verdict("new"))
    assert [tuple(each) for each in results.moves(before)] == [
        ("ada", "softmax", 40, 0, "checks.py, mnist"),
        ("bob", "softmax", 40, 40, "checks.py, mnist"),
        ("eve", "softmax", 40, 0, "another submission"),
    ]


def test_the_summary_and_the_troubles_are_written_whole(results):
    results.ledger.record(verdict("李雷"))
    found = results.close([Trouble("eve", "why"), Trouble("eve", "why")], "Class")
    assert found.troubles == (Trouble("eve", "why"),)
    assert results.troubles() == [Trouble("eve", "why")]
    assert (results.folder / "summary.csv").read_text("utf-8-sig") == (
        "learner,softmax,total,note\neve,,0,why\n李雷,40,40,\n"
    )
    assert "<h1>Class</h1>" in (results.folder / "summary.html").read_text("utf-8")
    assert not [*results.folder.glob(".*")]


def test_a_summary_that_cannot_be_written_says_what_is_kept(results):
    results.folder.mkdir()
    (results.folder / "summary.csv").mkdir()
    with pytest.raises(GraderFault, match=r"^out/summary.csv cannot be written: .* is kept\.$"):
        results.close([], "Class")
    assert not [*results.folder.glob(".*")]


@pytest.mark.parametrize("content", ["", "{}x", "3", '[{"learner": "ada"}]', "[1]"])
def test_damaged_troubles_are_our_fault_with_a_cure(results, content):
    results.folder.mkdir()
    (results.folder / "troubles.json").write_text(content)
    with pytest.raises(GraderFault, match=r"out/troubles.json is damaged; delete it"):
        results.troubles()


def test_every_learner_is_of_exactly_one_shard():
    learners = [f"learner{n}" for n in range(300)] + ["李雷", "Žofia"]
    shards = [{each for each in learners if is_of(n, 3, each)} for n in (1, 2, 3)]
    assert sorted(each for shard in shards for each in shard) == sorted(learners)
    assert all(len(shard) > 70 for shard in shards)
    assert all(is_of(1, 1, each) for each in learners)
    assert is_of(1, 2, "ada")  # on every machine, and tomorrow


def test_shards_are_merged_and_no_record_comes_twice(tmp_path):
    for name, learner in (("one", "ada"), ("two", "bob")):
        part = Results(tmp_path / name)
        part.ledger.record(verdict(learner))
        part.close([Trouble(f"{learner}2", "why")], name)
    parts, whole = [tmp_path / "one", tmp_path / "two"], tmp_path / "whole"
    assert merge(parts, whole) == (2, 2)
    assert merge(parts, whole) == (0, 2)
    assert {learner for learner, _ in Results(whole).newest()} == {"ada", "bob"}
    assert Results(whole).troubles() == [Trouble("ada2", "why"), Trouble("bob2", "why")]
    assert len([*(whole / "results").iterdir()]) == 2
    assert (whole / "summary.csv").exists()


def test_what_holds_no_results_is_not_merged(tmp_path):
    (tmp_path / "class").mkdir()
    with pytest.raises(UsageError, match="class holds no results"):
        merge([tmp_path / "class"], tmp_path / "whole")


def test_results_do_not_lie_among_what_was_handed_in(tmp_path):
    free_of(tmp_path / "class", tmp_path / "class-results")
    for place in (tmp_path / "class", tmp_path / "class/out", tmp_path / "class/a/b"):
        with pytest.raises(UsageError, match="put the results beside class"):
            free_of(tmp_path / "class", place)


def test_a_log_in_which_nothing_was_said_goes_away(results):
    with results.log():
        pass
    assert not (results.folder / "slots.log").exists()
    with results.log() as file:
        file.write(b"why\n")
    assert (results.folder / "slots.log").read_bytes() == b"why\n"
    assert json.dumps(results.troubles()) == "[]"
