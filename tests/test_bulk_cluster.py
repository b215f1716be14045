"""A real cluster on this machine: two workers, each a process; the slots are fake_slot.py."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest
from class_commands import at_home, graded, hand_in, recorded, typed
from leftovers import ended

from grader.bulk import cluster, supervisor
from grader.bulk.intake import File, Work
from grader.bulk.results import Results
from grader.ledger import digest
from grader.model import GraderFault, UsageError

HERE = Path(__file__).parent
HASHES = {"checks.py": "1"}
RESTS = {"softmax": digest(HASHES)}


@pytest.fixture
def two(tmp_path):
    """Two workers with one slot each; Dask starts one anew that is killed."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
        silence_logs=50,
        host="127.0.0.1",
    ) as made:
        yield made


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def command(log):
    return [sys.executable, "-S", str(HERE / "fake_slot.py"), str(log), json.dumps(HASHES)]


@pytest.fixture
def works(tmp_path, softmax):
    """Work for each text: works("pass", "die", ...); the learners are numbered."""

    def make(*texts):
        made = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.py"
            path.write_text(text)
            made.append(Work(f"learner{number:02}", softmax, File(PurePosixPath("x.py"), path), ""))
        return made

    return make


def lines(log):
    return [line.split(maxsplit=1) for line in log.read_text().splitlines()]


def started(log):
    """How often each learner's work was begun."""
    return Counter(what.split()[0] for _, what in lines(log) if what != "start")


def test_nothing_is_lost_and_nothing_recorded_twice_when_a_worker_is_killed(
    two, works, command, log, tmp_path
):
    given = works(*["slow"] * 24)
    results = Results(tmp_path / "out")
    worker = next(iter(two.workers.values())).process.process.pid
    with closing(cluster.grade(given, two.scheduler_address, command, RESTS)) as stream:
        for count, done in enumerate(stream, 1):
            results.ledger.record(done.verdict)
            if count == 8:
                os.kill(worker, signal.SIGKILL)
    assert ended(worker)
    learners = [each.learner for each in given]
    assert sorted(row.learner for row in results.ledger.attempts()) == learners
    begun = started(log)
    assert sorted(begun) == learners
    again = {learner: count for learner, count in begun.items() if count > 1}
    assert sum(again.values()) - len(again) <= 2  # under way at the killed worker, or not back yet


def test_a_submission_that_ends_its_slot_is_a_result_and_no_fault_of_the_cluster(
    two, works, command, log
):
    done = {each.work.learner: each for each in run(two, works("a", "die", "fault", "b"), command)}
    assert done["learner00"].verdict and done["learner03"].verdict
    assert done["learner01"].fault.startswith("the process that graded it ended with code 7; the")
    assert done["learner02"].fault == "the machine is unfit"
    assert started(log)["learner01"] == supervisor.TRIES


def run(made, given, command, rests=RESTS):
    return [*cluster.grade(given, made.scheduler_address, command, rests)]


def test_where_no_worker_is_fit_the_run_ends_and_says_why(two, works, command):
    broken = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
    with pytest.raises(
        GraderFault, match=r"no worker is fit: tcp://.*a slot did not start: .*; tcp"
    ):
        run(two, works("a", "b", "c"), broken)
    with pytest.raises(GraderFault, match="has another course or other data"):
        run(two, works("a", "b"), command, {"softmax": digest({"checks.py": "2"})})


PICKY = """
import os, pathlib, runpy, sys
first = pathlib.Path(sys.argv[1])
mark = first / str(os.getppid())
if not any(first.iterdir()):
    mark.touch()
if mark.exists():
    raise SystemExit(3)
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_the_work_of_an_unfit_worker_goes_to_the_others(two, works, command, tmp_path):
    """The worker that is asked first starts no slot, ever."""
    (tmp_path / "unfit").mkdir()
    picky = [sys.executable, "-c", PICKY, str(tmp_path / "unfit"), *command[2:]]
    done = run(two, works(*"abcdefgh"), picky)
    assert len(done) == 8 and all(each.verdict for each in done)
    assert len([*(tmp_path / "unfit").iterdir()]) == 1


def test_who_stops_listening_recalls_what_waits(two, works, command, log):
    given = works(*["slow"] * 12)
    with closing(cluster.grade(given, two.scheduler_address, command, RESTS)) as stream:
        assert next(stream).verdict
    assert len(started(log)) < len(given)


def test_a_cluster_that_goes_away_ends_the_run(two, works, command):
    stream = cluster.grade(works(*["slow"] * 12), two.scheduler_address, command, RESTS)
    assert next(stream).verdict
    two.close()
    with pytest.raises(GraderFault, match=r"^the cluster is gone: .* What is graded is kept"):
        list(stream)


def test_slots_end_with_their_worker(two, works, command, log):
    run(two, works("a"), command)
    two.close()
    assert all(ended(int(pid)) for pid, _ in lines(log))


def test_where_there_is_no_cluster_it_is_wrong_usage(works, command, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    for address in ("tcp://127.0.0.1:9", "what://x"):
        with pytest.raises(UsageError, match=rf"^no cluster answers at {address} \("):
            [*cluster.grade(works("a"), address, command, RESTS)]
    with pytest.raises(UsageError, match=r"^tls://127.0.0.1:9 needs certificates"):
        [*cluster.grade(works("a"), "tls://127.0.0.1:9", command, RESTS)]


def test_without_dask_it_says_what_to_install(works, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"install it: pip install 'torch-grader\[cluster\]'"):
        [*cluster.grade(works("a"), "tcp://127.0.0.1:9", command, RESTS)]


def test_a_class_is_graded_by_a_cluster_and_nothing_twice(two, tmp_path, monkeypatch, capsys):
    at_home(tmp_path, monkeypatch)
    grade = typed(monkeypatch, capsys)
    hand_in("ada", "bob", "eve")
    hand_in("mallory", text="die")
    words = ("--scheduler", two.scheduler_address)
    grade("bulk", "class", *words, code=3)
    assert recorded() == ["ada", "bob", "eve"]
    (trouble,) = Results(Path("class-results")).troubles()
    assert trouble.learner == "mallory" and "ended with code 7" in trouble.why
    Path("class/mallory/softmax.py").write_text("pass")
    grade("bulk", "class", *words)
    assert sorted({*graded()}) == recorded() == ["ada", "bob", "eve", "mallory"]
    assert graded().count("ada") == 1
