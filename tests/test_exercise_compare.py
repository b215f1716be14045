"""The exercise with two routes: the one that needs an extra is never passed without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from grader import box, catalogue, engine, folder
from grader.model import Level, Status

ROOT = Path(__file__).parent.parent
EXERCISE = catalogue.find(catalogue.load(ROOT), "compare")
JAX = folder.unpack(folder.read(EXERCISE.solution / "jax").content)
PURE = "allowed = jnp.tril(jnp.ones((length, length), bool))"
REMEMBERED = f"""\
if length not in MASKS:
        MASKS[length] = jnp.tril(jnp.ones((length, length), bool))
    {PURE.split(" = ")[0]} = MASKS[length]"""
WRONG = (Status.FAILED, Status.ERROR)
has_jax = pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="needs the extra `jax`")


def graded(**changes):
    program = JAX["attention_jax.py"].decode()
    for old, new in changes.items():
        program = program.replace({"mask": PURE, "axis": "axis=-1"}[old], new)
    program = program.replace("\n\n\ndef attention", "\n\nMASKS = {}\n\n\ndef attention", 1)
    files = JAX | {"attention_jax.py": program.encode()}
    verdict = engine.grade(EXERCISE, folder.packed("compare", files), box.isolation(Level.BASIC))
    return verdict, [each for each in verdict.outcomes if each.status in WRONG]


def test_without_jax_its_route_is_refused_with_a_sentence(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jax" else find_spec(name)
    )
    verdict, wrong = graded()
    assert not verdict.passed
    assert {each.message for each in wrong} == {
        "JAX is not installed here: choose the Hugging Face route"
    }


@has_jax
def test_the_route_of_jax_passes():
    verdict, _ = graded()
    assert verdict.passed


@has_jax
@pytest.mark.parametrize(
    ("change", "check"),
    [({"mask": REMEMBERED}, "check_pure"), ({"axis": "axis=-2"}, "check_values")],
    ids=["a mask that is remembered beside the trace", "softmax over the queries"],
)
def test_the_known_mistakes_of_that_route_are_refused(change, check):
    verdict, wrong = graded(**change)
    assert not verdict.passed and not verdict.faults
    assert check in {each.check.split("[")[0] for each in wrong}
