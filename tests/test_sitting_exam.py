from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from grader.model import UsageError
from grader.sitting import exam

EXAMS = Path(__file__).parent.parent / "exams"
GOOD = """exam: short
parts:
  - {name: build, form: exercise, seconds: 60, files: [build.py], points: 40}
  - {name: write, form: essay, seconds: 60, files: [essay.md], points: 20}
pass: {total: 30, each_part_percent: 50}
"""


def load(folder, text):
    (folder / "short").mkdir()
    (folder / "short/exam.yaml").write_text(text)
    return exam.load(folder / "short")


def test_the_exit_test_has_three_parts_in_three_hours():
    found = exam.load(EXAMS / "exit-1")
    parts = [(part.name, part.seconds, part.points) for part in found.parts]
    assert parts == [("build", 7200, 40), ("diagnose", 2700, 40), ("articulate", 900, 20)]
    assert sum(part.seconds for part in found.parts) == 3 * 3600
    assert (found.autosave_s, found.grace_s) == (20, 10)
    assert (found.pass_mark.total, found.pass_mark.each_part_percent) == (60, 50)


def test_the_hash_is_that_of_the_file():
    content = (EXAMS / "exit-1/exam.yaml").read_bytes()
    assert exam.load(EXAMS / "exit-1").sha256 == sha256(content).hexdigest()


def test_a_window_needs_a_time_zone(tmp_path):
    text = GOOD + 'start_window: {opens: "2026-12-01T09:00+01:00"}\n'
    assert load(tmp_path, text).start_window.opens.isoformat() == "2026-12-01T09:00:00+01:00"
    with pytest.raises(UsageError, match="timezone"):
        exam.load(write(tmp_path, text.replace("+01:00", "")))


def write(folder, text):
    (folder / "short/exam.yaml").write_text(text)
    return folder / "short"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("build.py", "../build.py", "plain path"),
        ("build.py", "/etc/passwd", "plain path"),
        ("build.py", "a/**", "plain path"),
        ("name: write", "name: build", "same name"),
        ("total: 30", "total: 61", "61 of 60 points"),
        ("seconds: 60", "seconds: 0", "line 3: parts.0.seconds"),
        ("points: 40", "points: 40, colour: red", "Extra inputs"),
        ("exam: short", "exam: long", "name both alike"),
        ("exam: short", "exam: a/b", "line 1: exam"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_with_its_line(tmp_path, old, new, said):
    with pytest.raises(UsageError, match=said):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_an_exam_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none/exam\.yaml"):
        exam.load(tmp_path / "none")
