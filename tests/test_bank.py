"""The bank is well formed: every edit finds its place, whatever the seed; draws are fair."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from grader.bank.bank import Bank
from grader.bank.injection import Symptom, Variants, vary
from grader.edits import Edit, edited
from grader.model import GraderFault

ROOT = Path(__file__).parent.parent
BANK = Bank(ROOT / "exams" / "bank", ROOT / "solutions" / "exams" / "bank")
INJECTIONS = BANK.injections
SEEDS = range(12)


def base_of(injection):
    return BANK.bases[injection.base]


def scripts(injection):
    """Every script that is ever made of an injection, before names are varied."""
    base = base_of(injection)
    broken = (*injection.setting, *injection.edits)
    fixes = {name: base.tricks[name] for name in injection.tricks}
    yield edited(base.text, broken)
    for edits in (fixes | injection.gamed | injection.accepted).values():
        yield edited(base.text, (*broken, *edits))


def test_there_are_32_injections_of_4_bases_and_5_families():
    assert len(INJECTIONS) == 32 and len({each.base for each in INJECTIONS}) == 4
    assert Counter(each.family for each in INJECTIONS) == {
        "nan": 8,
        "flat": 15,
        "good": 2,
        "oom": 6,
        "shape": 1,
    }


@pytest.mark.parametrize("injection", INJECTIONS, ids=lambda each: each.slug)
class TestInjection:
    def test_every_script_is_python_and_leaves_the_other_names_free(self, injection):
        others = {word for words in base_of(injection).variants.rename.values() for word in words}
        for text in scripts(injection):
            ast.parse(text)
            assert not [word for word in others if re.search(rf"\b{word}\b", text)]

    def test_it_differs_from_the_clean_script_on_every_seed(self, injection):
        base = base_of(injection)
        for seed in SEEDS:
            broken = base.broken(injection, seed)
            assert broken != base.repaired(injection, seed)
            assert len(broken.splitlines()) <= 85

    def test_its_fault_lies_on_few_lines_of_the_script_that_is_handed_out(self, injection):
        lines = base_of(injection).hunk(injection)
        text = base_of(injection).broken(injection, 3).splitlines()
        assert 1 <= len(lines) <= 8 and all(1 <= line <= len(text) for line in lines)

    def test_its_causes_are_of_the_closed_list_and_the_true_one_of_its_family(self, injection):
        assert set(injection.accept) <= set(BANK.causes)
        true = {cause for cause, points in injection.accept.items() if points == 3}
        assert true and true <= set(BANK.families[injection.family])

    def test_at_least_three_fixes_must_be_refused(self, injection):
        assert len({*injection.tricks, *injection.gamed}) >= 3


@pytest.mark.parametrize("base", BANK.bases.values(), ids=lambda each: each.name)
def test_two_candidates_get_scripts_that_differ_in_many_lines(base):
    texts = [base.clean(seed).splitlines() for seed in SEEDS]
    assert {len(text) for text in texts} == {len(texts[0])}
    same = [sum(a == b for a, b in zip(texts[0], text, strict=True)) for text in texts[1:]]
    assert min(same) < 0.8 * len(texts[0])
    assert base.clean(5) == base.clean(5)


@pytest.mark.parametrize("base", BANK.bases.values(), ids=lambda each: each.name)
def test_data_differ_between_seeds_and_never_for_one(base):
    given, held = base.data(1)
    again, _ = base.data(1)
    other, _ = base.data(2)
    name = next(key for key, value in given.items() if hasattr(value, "shape"))
    assert given[name].nan_to_num().equal(again[name].nan_to_num())
    assert not given[name].nan_to_num().equal(other[name].nan_to_num())
    assert held and base.private_seed(3) != base.private_seed(4)


def test_a_draw_has_one_nan_one_oom_two_others_three_bases_and_nothing_of_the_course():
    seen = Counter()
    for seed in range(300):
        items = BANK.draw(seed)
        families = Counter("flat" if i.family == "good" else i.family for i in items)
        assert families == {"nan": 1, "flat": 2, "oom": 1}
        assert len({item.slug for item in items}) == 4
        assert len({item.base for item in items}) >= 3
        seen.update(item.slug for item in items)
    assert set(seen) == {each.slug for each in INJECTIONS if not each.course}
    assert BANK.draw(7) == BANK.draw(7)


def test_the_closed_list_stands_in_the_order_of_the_alphabet_and_tells_no_family():
    assert list(BANK.causes) == sorted(BANK.causes)
    known = {cause for causes in BANK.families.values() for cause in causes}
    assert known == set(BANK.causes)


TEXT = """\
def f(x):
    a = 1
    if x:
        a = 2

        b = 3
    return a
"""


def test_an_edit_keeps_the_indentation_of_its_place():
    new = edited(TEXT, [Edit(old="a = 2\n\nb = 3", new="while a:\n    a = 0\nb = 3")])
    assert "        while a:\n            a = 0\n        b = 3\n" in new


def test_an_edit_inside_a_line_leaves_the_rest_of_it():
    assert "return -a\n" in edited(TEXT, [Edit(old="return a", new="return -a")])


def test_an_edit_to_nothing_takes_the_whole_line():
    assert edited(TEXT, [Edit(old="a = 1", new="")]).startswith("def f(x):\n    if x:\n")


@pytest.mark.parametrize("old", ["a = 9", "a = ", "a"])
def test_an_edit_that_does_not_find_exactly_one_place_is_refused(old):
    with pytest.raises(GraderFault, match="exactly once"):
        edited(TEXT, [Edit(old=old, new="c")])


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(GraderFault, match="already"):
        for seed in range(9):
            vary(TEXT, Variants(rename={"a": ("b",)}), seed)


def rows(*losses):
    return [{"loss": loss} for loss in losses]


@pytest.mark.parametrize(
    ("symptom", "log", "crash", "shown"),
    [
        (Symptom(nan_by=1), rows(1.0, float("nan")), "", True),
        (Symptom(nan_by=0), rows(1.0, float("inf")), "", False),
        (Symptom(nan_by=9), rows(1.0, 2.0), "", False),
        (Symptom(oom_by=1), rows(1.0), "OutOfMemoryError", True),
        (Symptom(oom_by=0), rows(1.0), "OutOfMemoryError", False),
        (Symptom(oom_by=5), rows(1.0), "RuntimeError", False),
        (Symptom(raises="RuntimeError"), [], "RuntimeError", True),
        (Symptom(raises="RuntimeError"), rows(1.0), "RuntimeError", False),
        (Symptom(raises="RuntimeError"), [], "OutOfMemoryError", False),
        (Symptom(loss_above=1), rows(2.0, 2.0), "", True),
        (Symptom(loss_above=1), rows(0.5, float("nan")), "", False),
        (Symptom(loss_below=1), rows(0.5), "", True),
        (Symptom(loss_below=1), [], "", False),
        (Symptom(accuracy_below=0.5), [{"val_accuracy": 0.4}], "", True),
        (Symptom(without_gradient=2), [{"without_gradient": 1}], "", False),
        (Symptom(loss_above=1, without_gradient=1), rows(2.0), "", False),
    ],
)
def test_a_symptom_is_what_the_log_shows(symptom, log, crash, shown):
    assert symptom.shown(log, crash) is shown
