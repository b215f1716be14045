"""Exercises of broken scripts: made of the bank, and nothing that they give out tells the cause."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from grader import catalogue, folder
from grader.bank import item as items
from grader.bank.bank import RULES
from grader.bank.repairs import NAME, Repairs, Scripts
from grader.folder import Folder
from grader.oracle import Mismatch

ROOT = Path(__file__).parent.parent
SOLUTIONS = sorted(path.parent for path in ROOT.glob("solutions/*/*/items.yaml"))
COURSE = catalogue.load(ROOT)
EVERY = [(solution, item) for solution in SOLUTIONS for item in Repairs(solution).injections]
RECORD = SimpleNamespace(measure=lambda *_, **__: None, curve=lambda **_: None)


def public(solution):
    return ROOT / "exercises" / solution.parent.name / solution.name


def handed_in(files):
    return Folder(folder.packed("mine", files))


@pytest.fixture(params=SOLUTIONS, ids=lambda path: path.name)
def solution(request):
    return request.param


def test_there_are_three_and_every_item_is_another_injection():
    slugs = [Repairs(solution).injections[item].slug for solution, item in EVERY]
    assert len(SOLUTIONS) == 3 and len(set(slugs)) == len(slugs) == 10


def test_their_injections_are_marked_as_used_by_the_course_and_no_others():
    bank = Repairs(SOLUTIONS[0]).bank
    used = {Repairs(solution).injections[item].slug for solution, item in EVERY}
    assert used == {each.slug for each in bank.injections if each.course}


def test_the_stub_is_what_the_tool_writes(solution, monkeypatch):
    monkeypatch.setattr(items, "log", lambda base, name, text, seed, box: b"")
    stub = public(solution) / "stub"
    made = dict(Repairs(solution).stub(box=None))
    assert {path.name for path in stub.iterdir()} == set(made)
    for name, content in made.items():
        assert name.endswith(".jsonl") or (stub / name).read_bytes() == content, name


def test_the_reference_is_what_the_tool_writes(solution):
    made = dict(Repairs(solution).reference())
    there = {path.name: path.read_bytes() for path in (solution / "reference").iterdir()}
    assert there == made


@pytest.mark.parametrize(("solution", "item"), EVERY, ids=lambda x: getattr(x, "name", x))
def test_a_log_says_how_it_was_run_and_shows_the_symptom(solution, item):
    base, injection, own = Repairs(solution).of(item)
    text = (public(solution) / "stub" / f"{item}.jsonl").read_text("utf-8")
    header, *rows = map(json.loads, text.splitlines())
    assert header == {"base": base.name, "seed": own, "device_mb": base.file.limits.device_mb}
    crash = str(rows[-1].get("error", "")).partition(":")[0]
    numbers = ("nan", "inf", "-inf")
    plain = [
        {k: float(v) for k, v in row.items() if isinstance(v, int | float) or v in numbers}
        for row in rows
    ]
    assert injection.symptom.shown(plain, crash)


def test_what_is_given_out_names_no_injection_and_leaves_every_field_blank(solution):
    repairs, stub = Repairs(solution), public(solution) / "stub"
    for item, injection in repairs.injections.items():
        texts = [(stub / f"{item}.{kind}").read_text("utf-8") for kind in ("py", "jsonl")]
        for word in (injection.slug, *repairs.bank.causes):
            assert not any(word in text for text in texts)
    for fields in yaml.safe_load((stub / NAME).read_text("utf-8")).values():
        assert not any(v for v in fields.values() if v != {"step": None, "lines": []})


def test_the_rules_are_those_of_the_bank(solution):
    rules = catalogue.find(COURSE, solution.name).rules
    assert set(rules.imports) == set(RULES.imports) and set(rules.forbid) == set(RULES.forbid)


def test_the_stub_handed_back_is_refused_everywhere(solution):
    repairs = Repairs(solution)
    mine = Folder(folder.read(public(solution) / "stub"))
    for item in repairs.injections:
        with pytest.raises(Mismatch, match="as it was given"):
            repairs.check_repair(item, mine, None, 1, RECORD)
        with pytest.raises(Mismatch, match="you named none"):
            repairs.check_cause(item, mine)
        with pytest.raises(Mismatch, match="you named no lines"):
            repairs.check_evidence(item, mine)
    with pytest.raises(Mismatch, match="symptom of item1 is not filled"):
        repairs.check_words(mine)


def test_the_reference_names_every_cause_and_place(solution):
    repairs = Repairs(solution)
    mine = Folder(folder.read(solution / "reference"))
    repairs.check_words(mine)
    Scripts(public(solution)).check_sheet(mine)
    for item in repairs.injections:
        repairs.check_cause(item, mine)
        repairs.check_evidence(item, mine)


def test_a_refusal_does_not_tell_the_answer(solution):
    repairs = Repairs(solution)
    sheet = {
        item: {"causes": ["model_too_large"], "evidence": {"lines": [1]}}
        for item in repairs.injections
    }
    mine = handed_in({NAME: yaml.safe_dump(sheet).encode()})
    for item, injection in repairs.injections.items():
        for check in (repairs.check_cause, repairs.check_evidence):
            with pytest.raises(Mismatch) as refused:
                check(item, mine)
            assert not [cause for cause in injection.accept if cause in str(refused.value)]
            lines = repairs.of(item)[0].hunk(injection)
            assert not [line for line in lines if f" {line}" in str(refused.value)]


def test_a_script_that_was_written_anew_is_refused(solution):
    repairs = Repairs(solution)
    more = "\n".join(f"extra{n} = {n}" for n in range(30))
    mine = handed_in({"item1.py": (repairs.repaired("item1") + more).encode()})
    with pytest.raises(Mismatch, match="statements were changed"):
        repairs.check_repair("item1", mine, None, 1, RECORD)


@pytest.mark.parametrize("sheet", [b"item1: [", b"item1: {causes: [lr_to_high]}", b"- 1"])
def test_a_sheet_that_cannot_be_read_is_named_with_its_line(solution, sheet):
    mine = handed_in({NAME: sheet})
    with pytest.raises(Mismatch, match=r"diagnosis\.yaml line"):
        Scripts(public(solution)).check_sheet(mine)
    with pytest.raises(AssertionError):
        Repairs(solution).check_words(mine)


def test_the_public_half_needs_no_solutions(tmp_path, solution):
    """As in a learner's kit."""
    for half in ("exams/bank", public(solution).relative_to(ROOT)):
        (tmp_path / half).parent.mkdir(parents=True)
        (tmp_path / half).symlink_to(ROOT / half)
    scripts = Scripts(tmp_path / public(solution).relative_to(ROOT))
    assert scripts.names == list(Repairs(solution).injections)
    scripts.check_sheet(Folder(folder.read(public(solution) / "stub")))
