"""The bank admits itself: one seed here, five by `python tools/bank.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.bank import gate, item
from grader.bank.bank import Bank
from grader.bank.injection import Symptom
from grader.model import Measure

ROOT = Path(__file__).parent.parent
BANK = Bank(ROOT / "exams" / "bank", ROOT / "solutions" / "exams" / "bank")
SEED = 1


@pytest.fixture(scope="module")
def warm(isolation):
    with item.box_for(next(iter(BANK.bases.values())), isolation) as box:
        yield box


@pytest.mark.parametrize("base", BANK.bases.values(), ids=lambda each: each.name)
def test_the_clean_script_passes_every_probe(base, warm):
    found = gate.Admission(base.name)
    gate.admit_base(found, base, warm, SEED)
    assert not found.problems
    assert found.cpu_s <= gate.CPU_S


@pytest.mark.parametrize("injection", BANK.injections, ids=lambda each: each.slug)
def test_the_fault_shows_and_is_refused_and_so_are_fixes_that_only_look_like_one(injection, warm):
    found = gate.Admission(injection.slug)
    gate.admit(found, BANK.bases[injection.base], injection, warm, SEED, whole=False)
    assert not found.problems
    assert found.refused_by and len(found.fixes) == gate.GAMED


def test_the_gate_says_what_is_wrong(warm):
    """A clean script in the place of a broken one: no symptom, no probe, and fixes that pass."""
    base = BANK.bases["cls"]
    injection = next(each for each in base.injections if each.slug == "no_softmax")
    harmless = injection.edits[0].model_copy(update={"new": "return self.out(h) + 0"})
    fake = injection.model_copy(
        update={
            "edits": (harmless,),
            "tricks": (),
            "gamed": {"nothing": (harmless.model_copy(update={"old": " + 0", "new": " - 0"}),)},
            "symptom": Symptom(loss_above=1.2),
            "accepted": {},
        }
    )
    found = gate.Admission("fake")
    gate.admit(found, base, fake, warm, SEED)
    problems = " ".join(found.problems)
    assert "1 fixes must be refused" in problems and "the symptom does not show" in problems
    assert "no probe refuses" in problems and "nothing is no repair, and passes" in problems


def test_a_bar_too_near_to_what_right_scripts_reach_is_named():
    near = [Measure(name="loss", value=v, bar=1.0, better="lower") for v in (0.7, 0.9, 0.98)]
    far = [Measure(name="score", value=v, bar=0.5) for v in (0.7, 0.71, 0.72)]
    assert gate.narrow(near + far) == ["loss is within 2 standard deviations of its bar 1"]
