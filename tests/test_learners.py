"""Wrong answers written by hand, as learners write them: each is refused, most are named.

None of these files was made from a reference or a known mistake, so what is named here is named
by its answers alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import catalogue, engine

HERE = Path(__file__).parent
COURSE = catalogue.load(HERE.parent)
FILES = sorted((HERE / "learners").glob("*.py"))
NAMED = {
    "sdpa_masks-forgot_the_root": "square root",
    "sdpa_masks-pytorch_module_polarity": "wrong way round",
    "multihead-view_only": "without swapping axes",
    "multihead-scaled_by_the_model_size": "whole width",
    "layer_backward-constant_statistics": "mean",
    "layer_backward-last_row_wins": "repeated index",
    "layer_backward-first_axis_only": "first axis",
}


def test_there_are_at_least_six():
    assert len(FILES) >= 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_answer_is_refused_and_named(path, isolation):
    exercise = catalogue.find(COURSE, path.stem.split("-")[0])
    verdict = engine.grade(exercise, catalogue.read_submission(path), isolation)
    assert not verdict.passed and not verdict.faults
    said = " ".join(sentence for outcome in verdict.outcomes for sentence in outcome.mistakes)
    assert NAMED[path.stem] in said, said
