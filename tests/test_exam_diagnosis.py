"""The diagnosis: a paper that tells nothing, and marks that a person can defend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from grader.bank import item
from grader.exam import diagnosis
from grader.exam.diagnosis import ITEMS, bank_of, draw, mark, paper, run_item
from grader.exam.task import Task
from grader.lending import to_nobody
from grader.model import Status, UsageError
from grader.sitting.exam import load

ROOT = Path(__file__).parent.parent
EXAM = ROOT / "exams" / "exit-1"
PART = next(part for part in load(EXAM).parts if part.form == "diagnosis")
TASK = Task(PART, EXAM / PART.name, ROOT / "solutions" / "exams" / "exit-1" / PART.name)
BANK = bank_of(TASK)
SEED = 5


@pytest.fixture(scope="module")
def given():
    return paper(TASK, SEED)


def repaired(name, seed=SEED):
    base, injection, own = draw(BANK, seed)[name]
    return base.repaired(injection, own).encode()


def answers(seed=SEED):
    """Everything right."""
    sheet = {}
    for name, (base, injection, _) in draw(BANK, seed).items():
        best = max(injection.accept, key=injection.accept.get)
        first = min(base.hunk(injection))
        sheet[name] = {"causes": [best], "evidence": {"step": 0, "lines": [first]}, "fix": "so"}
    order = diagnosis._key(TASK).breadth["nan"].order
    families = BANK.families
    sheet["breadth"] = {"nan": [*order], "flat": [*families["flat"]], "oom": [*families["oom"]]}
    return sheet


def graded(isolation, files, seed=SEED):
    return mark(TASK, files, seed, isolation, progress=to_nobody)


def points(verdict, start):
    return sum(verdict.earned(each) for each in verdict.outcomes if each.check.startswith(start))


def test_a_paper_has_all_that_is_needed_and_is_the_same_for_the_same_seed(given):
    scripts = {f"diagnose/{name}.{kind}" for name in ITEMS for kind in ("py", "jsonl")}
    assert set(given) == {"diagnose.md", "causes.md", "answers.yaml", *scripts}
    assert paper(TASK, SEED) == given


def test_two_seeds_give_other_papers(given):
    assert draw(BANK, SEED) != draw(BANK, SEED + 1)


def test_a_log_has_a_header_and_a_row_for_every_step(given):
    for name, (base, injection, own) in draw(BANK, SEED).items():
        header, *rows = map(json.loads, given[f"diagnose/{name}.jsonl"].splitlines())
        assert header == {"base": base.name, "seed": own, "device_mb": base.file.limits.device_mb}
        assert (injection.family == "oom") == ("OutOfMemoryError" in str(rows[-1].get("error")))
        for row in rows:
            if "loss" in row:
                assert {"step", "gradient", "without_gradient", "live_mb"} <= set(row)


def test_a_paper_tells_neither_causes_nor_clean_scripts(given):
    whole = b"\n".join(
        given[f"diagnose/{name}.{kind}"] for name in ITEMS for kind in ("py", "jsonl")
    )
    for _, injection, _ in draw(BANK, SEED).values():
        assert injection.slug.encode() not in whole
    for cause in BANK.causes:
        assert cause.encode() not in whole + given["answers.yaml"] + given["diagnose.md"]
    assert all(given[f"diagnose/{name}.py"] != repaired(name) for name in ITEMS)


def test_all_right_earns_all_points(isolation):
    files = {f"diagnose/{name}.py": repaired(name) for name in ITEMS}
    verdict = graded(
        isolation, files | {"answers.yaml": yaml.safe_dump(answers(), sort_keys=False).encode()}
    )
    missed = [(each.check, each.message) for each in verdict.outcomes if each.status != "passed"]
    assert not missed and verdict.score == verdict.points == 40
    assert verdict.passed and not verdict.notes
    assert all(each.claim.endswith(".") and each.weight in (0, 1, 4) for each in verdict.outcomes)


def test_nothing_handed_in_earns_nothing(isolation):
    verdict = graded(isolation, {})
    assert verdict.score == 0 and not verdict.faults and verdict.exit_code == 1


def test_the_paper_handed_back_earns_nothing(isolation, given):
    verdict = graded(isolation, given)
    assert verdict.score == 0
    fixes = [each for each in verdict.outcomes if each.check.endswith("_fix")]
    assert all(each.message == "the script is as it was given" for each in fixes)


HOSTILE = {
    "item1": b"\xff\xfe not text",
    "item2": b"def train(data, seed):\n    yield 1\n",
    "item3": b"import sys\nsys.exit()\n",
    "item4": b"def train(data, seed):\n    while True:\n        pass\n",
}


def test_hostile_scripts_cost_their_own_points_only(isolation, monkeypatch):
    for base in BANK.bases.values():
        base.file = base.file.model_copy(
            update={"limits": base.file.limits.model_copy(update={"cpu_s": 2})}
        )
    monkeypatch.setattr(diagnosis, "bank_of", lambda task: BANK)
    files = {f"diagnose/{name}.py": text for name, text in HOSTILE.items()}
    sheet = yaml.safe_dump(answers(), sort_keys=False).encode()
    verdict = graded(isolation, files | {"answers.yaml": sheet})
    assert verdict.score == 24 and not verdict.faults
    said = {each.check: each.message for each in verdict.outcomes if each.check.endswith("_fix")}
    assert "not UTF-8" in said["item1_fix"] and "must yield" in said["item2_fix"]
    assert "sys" in said["item3_fix"] and "CPU seconds" in said["item4_fix"]


def test_what_a_probe_cannot_use_is_the_fault_of_who_returned_it(isolation):
    base = BANK.bases["cls"]
    second_time = """\
    def state_dict(self):
        self.asked = getattr(self, "asked", 0) + 1
        return super().state_dict() if self.asked < 2 else 7

    def forward(self, x):
"""
    text = base.clean(3).replace("    def forward(self, x):\n", second_time)
    with item.box_for(base, isolation) as box:
        done = item.examine(base, "item1.py", text.encode(), 3, box)
    assert not done.passed and "TypeError" in str(done)


def test_an_unreadable_sheet_leaves_the_repairs_their_points(isolation):
    verdict = graded(
        isolation, {"diagnose/item2.py": repaired("item2"), "answers.yaml": b"item1: ["}
    )
    assert verdict.score == 4 and points(verdict, "item2_fix") == 4
    assert "line" in next(each.message for each in verdict.outcomes if each.check == "answers")


def test_a_script_that_was_written_anew_is_shown_to_a_person(isolation):
    more = b"\n".join(b"extra%d = %d" % (n, n) for n in range(30))
    verdict = graded(isolation, {"diagnose/item2.py": repaired("item2") + more})
    assert points(verdict, "item2_fix") == 4
    assert any("item2" in note and "look at it" in note for note in verdict.notes)


def test_statements_are_counted_and_not_layout():
    assert item.changed("a = 1\nb = 2\n", "a=1 # one\n\nb = (2)\n") == 0
    assert item.changed("a = 1\nb = 2\n", "a = 1\nb = 3\nc = 4\n") == 2
    assert item.changed("a = 1", "a = = 1") == 0


@pytest.fixture
def work(given, tmp_path):
    for path, content in given.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_a_candidate_can_run_an_item_without_the_private_half(work, isolation, given):
    rows = list(run_item(EXAM.parent / "bank", work, "item1", isolation))
    log = [json.loads(line) for line in given["diagnose/item1.jsonl"].splitlines()[1:]]
    assert rows == log


def test_a_run_of_a_script_that_does_not_load_says_where(work, isolation):
    (work / "diagnose" / "item1.py").write_text("import torch\nx = = 1\n")
    (row,) = run_item(EXAM.parent / "bank", work, "item1", isolation)
    assert "SyntaxError" in row["error"] and row["line"] == 2


@pytest.mark.parametrize("name", ["item9", "../answers", ""])
def test_an_item_that_is_not_there_is_wrong_usage(work, isolation, name):
    with pytest.raises(UsageError, match="item1, item2"):
        next(run_item(EXAM.parent / "bank", work, name, isolation))


@pytest.mark.parametrize(
    "header", ["", "{}", '{"base": "../cls", "seed": 1}', '{"base": "cls"}', "[1]"]
)
def test_a_log_that_lost_its_header_is_wrong_usage(work, isolation, header):
    (work / "diagnose" / "item1.jsonl").write_text(header)
    with pytest.raises(UsageError, match="put it back"):
        next(run_item(EXAM.parent / "bank", work, "item1", isolation))


def test_every_outcome_has_a_status_that_leaves_the_other_items_alone(isolation):
    """A forbidden name in one item is that item's loss, though an exercise would earn nothing."""
    files = {"diagnose/item1.py": b"import os\n"}
    sheet = yaml.safe_dump(answers(), sort_keys=False).encode()
    verdict = graded(isolation, files | {"answers.yaml": sheet})
    assert {each.status for each in verdict.outcomes} <= {Status.PASSED, Status.FAILED}
    assert verdict.score == 24
