"""Whatever the file holds, the verdict is about the file: exit code 0 or 1, never a fault of ours.

More examples: GARBAGE_EXAMPLES=1000 pytest tests/test_garbage.py
"""

from __future__ import annotations

import os
import re

import pytest
from conftest import COURSE
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grader import catalogue, checking, engine
from grader.box import Box
from grader.model import Limits, Submission

EXAMPLES = int(os.environ.get("GARBAGE_EXAMPLES", "25"))
LIMITS = Limits(cpu_s=2, wall_s=10, memory_mb=700)
REFERENCE = (COURSE / "solutions/basics/softmax/reference.py").read_text("utf-8")
LINES = REFERENCE.splitlines(keepends=True)
TOKENS = re.findall(r"\s+|\w+|[^\w\s]", REFERENCE)


@pytest.fixture(scope="module")
def grade(softmax, isolation):
    """The verdict on some bytes, in a box that stays warm."""
    exercise = softmax.model_copy(update={"limits": LIMITS})
    with pytest.MonkeyPatch.context() as patch, Box(isolation, LIMITS) as warm:
        patch.setattr(checking, "EXAMPLES", 3)
        yield lambda content: engine.grade(
            exercise, Submission(name="softmax.py", content=content), isolation, seed=1, box=warm
        )


@st.composite
def mutated(draw, parts):
    """The reference after a few parts were deleted, doubled or exchanged."""
    parts = list(parts)
    for _ in range(draw(st.integers(1, 4))):
        i, j = (draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "exchange"])):
            case "delete":
                del parts[i]
            case "double":
                parts.insert(j, parts[i])
            case "exchange":
                parts[i], parts[j] = parts[j], parts[i]
    return "".join(parts)


texts = st.one_of(st.text(), mutated(LINES), mutated(TOKENS)).map(str.encode)


# The checks are properties themselves. Grading is too slow for shrinking.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.nested_given, HealthCheck.too_slow],
)
@given(content=st.one_of(texts, texts, texts, st.binary()))
def test_garbage_gets_a_verdict_about_itself(grade, content):
    verdict = grade(content)
    assert verdict.exit_code in (0, 1), verdict.outcomes
    for outcome in verdict.outcomes:
        assert len(outcome.message.splitlines()) <= 1
        assert "Traceback" not in outcome.message and str(COURSE) not in outcome.message


YAML = "a: 1\nb: [2, {c: x}]\n- 3\n&x *x !!int '4' | > ? % @ ` \t 0x1f 1e9 .nan ~ null"
yaml_texts = st.lists(st.sampled_from(re.findall(r"\s|\w+|[^\w\s]", YAML))).map("".join)


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(content=st.one_of(yaml_texts.map(str.encode), st.text().map(str.encode), st.binary()))
def test_garbage_in_place_of_answers_is_the_learners_or_wrong_usage(isolation, content):
    exercise = catalogue.find(catalogue.load(COURSE), "sums")
    verdict = engine.grade(exercise, Submission(name="sums.yaml", content=content), isolation)
    assert verdict.exit_code in (0, 1), verdict.outcomes
