"""All formats: whatever was said is written, controls nothing and tells nothing hidden."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import sample_verdicts as sample
from drawn_verdicts import ALL, DRAWN, EMPTY, MANY, VERDICT, write
from hypothesis import given

from grader.model import Status
from grader.report import FORMATS, SUFFIXES
from grader.report.text import explained

FOR_LEARNERS = sorted(name for name, each in FORMATS.items() if each.of == "learner")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_writes_every_kind_of_verdict_and_the_same_text_twice(name):
    text = write(name, *ALL)
    assert text and text == write(name, *ALL)
    assert isinstance(write(name), str)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"html", "json"}))
@DRAWN
@given(verdicts=MANY)
def test_any_text_can_be_written_and_controls_nothing(name, verdicts):
    text = write(name, *verdicts)
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_suffix_names_a_format_whose_usual_file_has_it():
    assert all(FORMATS[name].file.endswith(suffix) for suffix, name in SUFFIXES.items())


def test_the_guide_tells_who_reads_every_format():
    guide = (Path(__file__).parent.parent / "docs/formats.md").read_text("utf-8")
    assert re.findall(r"^\| (\w+) \| .+ \| `.+` \|$", guide, re.M)[1:] == list(FORMATS)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"html", "json"}))
def test_nothing_hidden_is_told(name):
    text = write(name, *ALL)
    hidden = ("5e0d5e0d", *(value[:8] for value in sample.HASHES.values()), "1815", "checks.py")
    shown_by_design = sample.YAML.outcomes[1].counterexample.inputs  # a seed of the sample's own
    assert shown_by_design == {"seed": "1815"}
    assert not [word for word in hidden if word in text.replace("seed = 1815", "")]


@pytest.mark.parametrize("name", ["junit", "markdown", "github", "gradescope", "classroom"])
def test_a_failure_is_explained_in_the_words_of_the_text_report(name):
    text = unescape(write(name, sample.ATTENTION))
    for words in ("call: attention(q, k, v, mask=None)", ">0.5437<", "error 0.0848, allowed 1e-06"):
        assert words in text
    assert "You did not divide the scores by the square root" in text


@pytest.mark.parametrize("name", FOR_LEARNERS)
def test_a_verdict_without_outcomes_is_no_pass(name):
    assert "The grader failed here, not your code." in write(name, EMPTY)


@DRAWN
@given(verdict=VERDICT)
def test_an_explanation_never_repeats_a_claim_of_a_check_that_passed(verdict):
    for outcome in verdict.outcomes:
        if outcome.status is Status.PASSED and not outcome.measures and not outcome.message:
            assert explained(outcome, verdict) == ""
