"""What the benchmarks rest on: generated classes, counted CPU seconds, the formats of the peers.

And the claim that they measure at full length, on a small scale and as ratios: a class ten times as
large costs no more for each submission.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from zipfile import ZipFile

import nbformat
import pytest
import sample_verdicts as sample

from benchmarks import bulk, processes
from benchmarks.peers import __main__ as peers
from benchmarks.peers import formats
from benchmarks.processes import Cost, Sample
from grader import catalogue
from grader.bulk.slot import grade as grade_in_slot
from grader.ledger import Ledger
from grader.model import Status, Submission
from grader.warm import Warm


def test_generated_submissions_are_right_and_wrong_in_turns_and_no_two_alike(tmp_path):
    exercise = catalogue.load(bulk.TRIVIAL).exercises[0]
    bulk.generate(tmp_path, exercise, 10)
    texts = [path.read_text() for path in sorted(tmp_path.rglob("double.py"))]
    assert len(set(texts)) == 10
    assert ["x + x" in text for text in texts] == [True, False] * 5


def test_cpu_seconds_of_orphans_are_counted():
    """A box is ended together with its parent, so nobody else would count it."""
    work = "import time\nwhile time.process_time() < 0.4: pass"
    orphan = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {work!r}])\n"
        "print('gone first')"
    )
    cost = processes.run([sys.executable, "-c", orphan])
    assert 0.4 <= cost.cpu_s < 2
    assert cost.samples[-1].cpu_s == cost.cpu_s


def test_memory_of_children_is_counted_while_they_run():
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    child = "import time; held = bytearray(b'x') * (64 << 20); time.sleep(1.5)"
    cost = processes.run([sys.executable, "-c", parent, child], every_s=0.1)
    assert 64 < cost.peak_mb < 200


def test_a_command_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match=r"ended with 3:\nwhy"):
        processes.run([sys.executable, "-c", "print('why'); raise SystemExit(3)"])


def test_tenths_are_cut_where_so_many_are_done():
    samples = tuple(Sample(n, 2.0 * n + (n > 90), 100.0 + n) for n in range(0, 101, 5))
    assert bulk._part(samples, 0, 10) == (2.0, 110.0)
    assert bulk._part(samples, 90, 100) == (2.1, 200.0)


def marks(**changed):
    return {"ada": {"a": True, "b": False}, "bob": {"a": True, "b": True} | changed}


def result(found):
    return peers.Result(Cost(1.0, 1.0, 1.0, ()), found)


def test_every_mark_in_which_a_tool_differs_is_told():
    same = {"grade bulk": result(marks()), "other": result(marks())}
    assert peers.disagreements(same) == []
    other = same | {"other": result(marks(b=False))}
    assert peers.disagreements(other) == ["other: bob b False, ours True"]
    fewer = same | {"other": result({"ada": marks()["ada"]})}
    assert peers.disagreements(fewer) == ["other: 1 learners, 2 marks"]


def test_the_twenty_submissions_differ_and_every_answer_is_among_them():
    learners = formats.learners()
    whole = [tuple(each.answers.values()) for each in learners]
    assert len(set(whole)) == len({each.name for each in learners}) == 20
    for exercise in formats.exercises():
        texts = {each.answers[exercise.slug] for each in learners}
        assert len(texts) == 1 + len(catalogue.mistakes(exercise)) == 5
        right = exercise.reference.read_text("utf-8")
        assert sum(each.answers[exercise.slug] == right for each in learners) == 4


def test_every_tool_gets_the_same_text_of_every_check(tmp_path):
    formats.write_otter(tmp_path / "otter")
    formats.write_nbgrader(tmp_path / "nbgrader", formats.learners()[:1])
    source = nbformat.read(tmp_path / "nbgrader/source/three/three.ipynb", 4)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells}
    with ZipFile(tmp_path / "otter/autograder.zip") as archive:
        for exercise in formats.exercises():
            text, names = formats.checks(exercise)
            assert len(names) == exercise.points == 4
            theirs = archive.read(f"tests/{exercise.slug}.py").decode()
            assert text in theirs and text.strip() in cells[f"{exercise.slug}_checks"].source
            for name in names:
                assert f'@test_case(name="{name}", points=1)' in theirs
                cell = cells[f"{exercise.slug}-{name}"]
                assert (cell.source, cell.metadata.nbgrader.points) == (f"{name}(submission)", 1)
            ast.parse(theirs)


def test_every_tool_gets_the_same_answers(tmp_path):
    formats.write_ours(tmp_path / "ours")
    formats.write_otter(tmp_path / "otter")
    formats.write_nbgrader(tmp_path / "nbgrader", formats.learners())
    for name, answers in formats.learners():
        for slug, text in answers.items():
            assert (tmp_path / "ours" / name / f"{slug}.py").read_text() == text
        book = nbformat.read(tmp_path / "otter" / f"{name}.ipynb", 4)
        assert [cell.source for cell in book.cells] == [text.strip() for text in answers.values()]
        book = nbformat.read(tmp_path / "nbgrader/submitted" / name / "three/three.ipynb", 4)
        theirs = [cell.source for cell in book.cells if cell.metadata.nbgrader.solution]
        assert theirs == [text.strip() for text in answers.values()]


@pytest.mark.parametrize("path", sorted((peers.HERE / "theirs").glob("*_*.py")), ids=str)
def test_programs_for_the_peers_need_nothing_of_ours(path):
    assert subprocess.run([sys.executable, "-m", "py_compile", path]).returncode == 0
    assert "grader." not in path.read_text().replace("nbgrader.", "")


def test_the_pinned_peers_have_the_torch_that_we_test():
    ours = (peers.HERE.parent.parent / "constraints.txt").read_text().split()
    pinned = (peers.HERE / "requirements.txt").read_text().split()
    assert all("==" in line for line in pinned)
    assert {"otter-grader", "nbgrader"} <= {line.split("==")[0] for line in pinned}
    for name in ("torch", "numpy"):
        (line,) = (each for each in pinned if each.startswith(f"{name}=="))
        assert line in ours


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A ledger of 10,000 attempts, as a class leaves it."""
    ledger = Ledger(tmp_path_factory.mktemp("many"))
    text = sample.ATTENTION.model_dump(mode="json")
    ledger.results.mkdir(parents=True)
    for number in range(10_000):
        named = {"learner": f"learner{number:05}", "exercise": f"e{number % 5}"}
        path = ledger.results / f"20261121T180000.{number:06}Z-e-{number:08x}.json"
        path.write_text(json.dumps(text | named | {"outcomes": []}))
    ledger.attempts()
    return ledger


def cpu_s(call, times=5):
    taken = []
    for _ in range(times):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken)


def test_the_index_answers_about_ten_thousand_as_fast_as_it_lists_a_folder(many):
    """As ratios, because this machine may be any: reading the records takes 50 times as long."""
    listing = cpu_s(lambda: len(list(os.scandir(many.results))))
    for ask in (many.attempts, many.best, many.latest, many.counts):
        assert cpu_s(ask) < 25 * listing, ask
    assert sum(many.counts().values()) == len(many.attempts()) == 10_000
    assert len(many.best()) == len(many.latest()) == 5


@pytest.fixture(scope="module")
def slot(isolation):
    exercise = catalogue.load(bulk.TRIVIAL).exercises[0]
    right = exercise.reference.read_text("utf-8")
    warm = Warm(isolation)

    def grade(number):
        content = f"{right}\n# {number}\n".encode()
        submission = Submission(name="double.py", content=content)
        return grade_in_slot(exercise, submission, warm, f"l{number}")

    yield grade
    warm.close()


def test_a_slot_takes_as_long_for_the_last_submission_as_for_the_first(slot):
    """And grows by less than 20 KB for each; a child is renewed after 200 of them."""

    def tenth(first):
        taken = []
        for number in range(first, first + 12):
            began = time.process_time()
            verdict = slot(number)
            inside = sum(each.cpu_s for each in verdict.outcomes)
            taken.append(time.process_time() - began + inside)
            assert all(each.status is Status.PASSED for each in verdict.outcomes)
        return statistics.median(taken)

    tenth(0)
    first = tenth(12)
    tracemalloc.start()  # what this process holds in all also depends on the tests before
    try:
        slot(24)
        before = _held()
        for number in range(25, 85):
            slot(number)
        assert _held() - before < 20_000 * 60
    finally:
        tracemalloc.stop()
    assert tenth(85) < 2 * first


def _held():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
