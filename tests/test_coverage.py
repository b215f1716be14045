"""docs/coverage.md: every item of the course texts is covered by something that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import catalogue
from grader.cli import cli

ROOT = Path(__file__).parent.parent
COURSE = catalogue.load(ROOT)
EXERCISES = {each.slug: each for each in COURSE.exercises}
UNITS = {unit.slug for unit in COURSE.units}
ITEMS = {"Text 000": 54, "Text 001": 25, "Text 003": 14, "Texts 004 and 002": 54}


def rows():
    text = ""
    for line in (ROOT / "docs/coverage.md").read_text("utf-8").splitlines():
        text = line.removeprefix("## ") if line.startswith("## ") else text
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] not in ("lines", "---"):
            yield text, cells[0], cells[-1]


def exists(target):
    """Whether there is an exercise, a check of one, a unit, a part of an exam, or a command."""
    slug, _, check = target.partition(": ")
    if check:
        hidden = (EXERCISES[slug].solution / "checks.py").read_text("utf-8")
        return f"\ndef {check}(" in hidden
    if target.startswith("grade "):
        return target.removeprefix("grade ") in cli.commands
    part = ROOT / "exams" / target
    return target in EXERCISES or target in UNITS or ("/" in target and part.is_dir())


@pytest.mark.parametrize(("text", "lines", "by"), list(rows()), ids=lambda value: value[:40])
def test_an_item_is_covered_by_what_exists(text, lines, by):
    targets = re.findall(r"`([^`]+)`", by)
    assert targets and [each for each in targets if not exists(each)] == []


def test_no_item_of_a_text_is_left_out():
    counted = {text: sum(row[0] == text for row in rows()) for text in ITEMS}
    assert counted == ITEMS


def test_every_exercise_stands_there():
    by = " ".join(row[2] for row in rows())
    named = {target.split(": ")[0] for target in re.findall(r"`([^`]+)`", by)}
    inside = {slug for slug, each in EXERCISES.items() if each.unit in named}
    assert set(EXERCISES) - named - inside == set()
