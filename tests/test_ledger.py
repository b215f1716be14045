from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
import sample_verdicts as sample

from grader.ledger import VERSION, Ledger, Row, digest
from grader.model import GraderFault, Status, Verdict

ROOT = Path(__file__).parent.parent


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / ".grader")


def graded(exercise: str, *right: bool, started: str = "2026-11-20T14:03:11Z") -> Verdict:
    outcomes = [
        sample.passed(f"check_{n}", "It holds.", status=Status.PASSED if ok else Status.FAILED)
        for n, ok in enumerate(right)
    ]
    return sample.verdict(exercise, "basics", exercise, *outcomes, started=started)


def test_a_record_reads_back_as_the_same_verdict(ledger):
    for verdict in sample.VERDICTS:
        again = ledger.read(ledger.record(verdict))
        assert again.model_dump_json() == verdict.model_dump_json()


def test_a_record_is_named_by_time_and_exercise(ledger):
    path = ledger.record(sample.GPT)
    assert path.parent == ledger.folder / "results"
    assert path.match("20??????T??????.??????Z-train_gpt-????????.json")
    assert list(path.parent.iterdir()) == [path]


def test_an_exercise_name_cannot_leave_the_folder(ledger):
    path = ledger.record(graded("../../etc/x", True))
    assert path.parent == ledger.results
    assert ledger.attempts("../../etc/x")[0].path == path


def test_attempts_are_listed_in_the_order_in_which_they_were_recorded(ledger):
    paths = [ledger.record(graded(slug, True)) for slug in ("b", "a", "b")]
    assert [row.path for row in ledger.attempts()] == paths
    assert [row.path for row in ledger.attempts("b")] == [paths[0], paths[2]]
    assert ledger.attempts("c") == ()


def test_a_row_says_what_the_verdict_says(ledger):
    path = ledger.record(sample.ATTENTION)
    said = sample.ATTENTION
    rests = digest(said.hashes)
    expected = Row(
        *("scaled_dot_product", 6.67, 40, False, said.started, str(path), "ada", said.sha256, rests)
    )
    assert ledger.attempts() == (expected,)


def test_a_grader_fault_rests_on_nothing_so_that_it_is_graded_again(ledger):
    ledger.record(
        sample.verdict("x", "basics", "X", sample.passed("c", "C.", status="grader_fault"))
    )
    ledger.record(sample.verdict("y", "basics", "Y"))
    assert [row.rests for row in ledger.attempts()] == ["", ""]


def test_a_digest_changes_with_any_hash_and_not_with_their_order():
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert len({digest({}), digest({"a": "1"}), digest({"a": "2"}), digest({"b": "1"})}) == 4


def test_a_record_of_another_ledger_is_taken_once(ledger, tmp_path):
    other = Ledger(tmp_path / "other")
    path = other.record(sample.GPT)
    assert (ledger.take(path), ledger.take(path)) == (True, False)
    assert (ledger.results / path.name).read_bytes() == path.read_bytes()
    assert len(ledger.attempts()) == 1
    path.write_text(sample.CNN.model_dump_json(), "utf-8")
    with pytest.raises(GraderFault, match="Two different records"):
        ledger.take(path)
    path.write_text("{", "utf-8")
    with pytest.raises(GraderFault, match="cannot be read"):
        ledger.take(path)


def test_best_is_the_highest_score_and_latest_is_the_last(ledger):
    half, full, none = (
        ledger.record(graded("softmax", *right))
        for right in ((True, False), (True, True), (False, False))
    )
    assert ledger.best()["softmax"].path == full
    assert ledger.latest()["softmax"].path == none
    assert half.exists()


def test_a_pass_is_better_than_more_points_without_one(ledger):
    passing = graded("softmax", True, False).model_copy(update={"pass_mark": 0.5})
    fault = graded("softmax", True, True, False)
    path = ledger.record(passing)
    ledger.record(fault)
    assert fault.score > passing.score
    assert ledger.best()["softmax"].path == path


def test_attempts_are_counted_by_exercise(ledger):
    for verdict in (sample.GPT, sample.ATTENTION, sample.GPT):
        ledger.record(verdict)
    counts = ledger.counts()
    assert counts == {sample.GPT.exercise: 2, sample.ATTENTION.exercise: 1}


def test_an_empty_ledger_has_no_attempts(ledger):
    assert ledger.counts() == {}
    assert ledger.attempts() == ()
    assert ledger.best() == {}
    assert ledger.latest() == {}


def record_many(folder: Path, worker: int) -> int:
    ledger = Ledger(folder)
    for n in range(50):
        ledger.record(graded(f"exercise_{worker}", n % 2 == 0))
        if n % 10 == 0:
            ledger.attempts()
    return len(ledger.attempts(f"exercise_{worker}"))


def test_four_processes_at_once_lose_no_record(ledger):
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        counts = list(pool.map(record_many, [ledger.folder] * 4, range(4)))
    assert counts == [50] * 4
    assert len(ledger.attempts()) == 200
    assert len(list(ledger.results.iterdir())) == 200
    assert not list(ledger.folder.glob("*.bad-*"))


KILLED = """
import os, signal, sys
from pathlib import Path
import sample_verdicts
from grader import ledger, wholefile
def die(*args): os.kill(os.getpid(), signal.SIGKILL)
wholefile._name = die
ledger.Ledger(Path(sys.argv[1])).record(sample_verdicts.GPT)
"""


def run(code: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_a_process_killed_before_the_name_is_given_leaves_no_half_record(ledger):
    assert run(KILLED, ledger.folder).returncode == -signal.SIGKILL
    (left,) = ledger.results.iterdir()
    assert left.suffix == ".tmp"
    assert ledger.attempts() == ()
    path = ledger.record(sample.GPT)
    assert [row.path for row in ledger.attempts()] == [path]


def test_a_file_system_without_links_is_served_by_a_rename(ledger, monkeypatch):
    def refuse(*paths: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    path = ledger.record(sample.GPT)
    assert list(ledger.results.iterdir()) == [path]
    assert ledger.read(path) == sample.GPT


FULL = """
import resource, sys
from pathlib import Path
import sample_verdicts
from grader.ledger import Ledger
from grader.model import GraderFault
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    Ledger(Path(sys.argv[1])).record(sample_verdicts.GPT)
except GraderFault as fault:
    print(fault)
"""


def test_a_disk_that_takes_no_more_is_a_grader_fault_without_a_half_record(ledger):
    done = run(FULL, ledger.folder)
    assert done.stdout == (
        "The results in .grader cannot be written: File too large. Free some space or make the"
        " folder writable, and grade again.\n"
    )
    assert list(ledger.results.iterdir()) == []


@pytest.mark.parametrize("question", ["attempts", "best", "latest", "rebuild"])
def test_a_folder_that_cannot_be_made_is_a_grader_fault_without_its_full_path(tmp_path, question):
    (tmp_path / ".grader").write_text("a file is in the way")
    ledger = Ledger(tmp_path / ".grader")
    with pytest.raises(GraderFault) as fault:
        getattr(ledger, question)()
    assert str(tmp_path) not in str(fault.value)
    assert "The results in .grader cannot be written" in str(fault.value)
    with pytest.raises(GraderFault):
        ledger.record(sample.GPT)


def test_an_index_that_cannot_be_opened_is_a_grader_fault_and_is_left_alone(ledger):
    path = ledger.record(sample.GPT)
    ledger.index.mkdir()
    with pytest.raises(GraderFault, match="unable to open"):
        ledger.attempts()
    assert ledger.index.is_dir()
    assert path.exists()


def test_a_missing_index_is_built_from_the_records(ledger):
    path = ledger.record(sample.GPT)
    ledger.attempts()
    for each in ledger.folder.glob("index.sqlite3*"):
        each.unlink()
    assert [row.path for row in ledger.attempts()] == [path]


def scribble(path: Path, start: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:start] + b"\xa5" * (len(content) - start))


@pytest.mark.parametrize("start", [0, 100, 4096])
def test_a_damaged_index_is_kept_aside_and_built_anew(ledger, start, caplog):
    paths = [ledger.record(graded(f"exercise_{n}", True)) for n in range(3)]
    ledger.attempts()
    scribble(ledger.index, start)
    assert [row.path for row in ledger.attempts()] == paths
    assert ledger.index.with_name("index.sqlite3.bad-1").exists()
    assert "The index was damaged" in caplog.text
    scribble(ledger.index, start)
    assert [row.path for row in ledger.attempts()] == paths
    assert ledger.index.with_name("index.sqlite3.bad-2").exists()


def test_an_index_of_another_version_is_built_anew(ledger):
    path = ledger.record(sample.GPT)
    ledger.attempts()
    with closing(sqlite3.connect(ledger.index)) as index:
        index.executescript(
            "DROP TABLE attempt; CREATE TABLE attempt (other TEXT); PRAGMA user_version = 99"
        )
    assert [row.path for row in ledger.attempts()] == [path]
    with closing(sqlite3.connect(ledger.index)) as index:
        assert index.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_an_index_with_the_wrong_columns_is_built_anew(ledger):
    path = ledger.record(sample.GPT)
    with closing(sqlite3.connect(ledger.index)) as index:
        index.executescript(f"CREATE TABLE attempt (other TEXT); PRAGMA user_version = {VERSION}")
    assert [row.path for row in ledger.attempts()] == [path]


def test_the_index_follows_records_that_come_and_go(ledger):
    first = ledger.record(sample.GPT)
    second = ledger.record(sample.CNN)
    assert len(ledger.attempts()) == 2
    first.unlink()
    copied = ledger.results / "20270101T000000.000000Z-train_gpt-00000000.json"
    copied.write_text(sample.GPT.model_dump_json(), encoding="utf-8")
    assert [row.path for row in ledger.attempts()] == [second, copied]


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": "other/1"}', b"\xff\xfe", b"null"])
def test_an_unreadable_record_is_skipped_with_a_warning_and_kept(ledger, content, caplog):
    path = ledger.record(sample.GPT)
    broken = ledger.results / "20260101T000000.000000Z-softmax-00000000.json"
    broken.write_bytes(content)
    assert [row.path for row in ledger.attempts()] == [path]
    assert f"The record {broken.name} cannot be read" in caplog.text
    (warning,) = ledger.rebuild()
    assert warning == (
        f"The record {broken.name} cannot be read: it is not a complete record."
        " Move it out of .grader/results, or restore it from a copy."
    )
    assert broken.read_bytes() == content
    with pytest.raises(GraderFault):
        ledger.read(broken)


def test_a_rebuilt_index_equals_the_records(ledger):
    for n in range(20):
        ledger.record(graded(f"exercise_{n % 3}", n % 2 == 0, True))
    before = ledger.attempts()
    with closing(sqlite3.connect(ledger.index)) as index, index:
        index.execute("UPDATE attempt SET score = 1000")
    assert ledger.attempts() != before
    assert ledger.rebuild() == ()
    assert ledger.attempts() == before
    verdicts = [ledger.read(row.path) for row in before]
    assert [row[:5] for row in before] == [
        (each.exercise, each.score, each.points, each.passed, each.started) for each in verdicts
    ]


def test_a_score_that_is_no_number_does_not_break_the_index(ledger):
    outcome = sample.passed("check", "It holds.", weight=float("nan"))
    ledger.record(sample.verdict("odd", "basics", "Odd", outcome))
    assert [row.exercise for row in ledger.attempts()] == ["odd"]
    assert not list(ledger.folder.glob("*.bad-*"))
