"""Verdicts with everything that a submission, a learner or a file name can put into one."""

from __future__ import annotations

import csv
import json
from io import StringIO

import sample_verdicts as sample
from hypothesis import Phase, settings
from hypothesis import strategies as st

from grader.model import Counterexample, Measure, Outcome, Status, Verdict
from grader.report import FORMATS

EMPTY = sample.verdict("empty", "basics", "Nothing was graded")
KIT = sample.verdict("kit", "basics", "Only examples", sample.passed("a", "It runs.", weight=0))
ALL = (*sample.VERDICTS, sample.WRITTEN, EMPTY, KIT)


def write(name: str, *verdicts: Verdict, **named: object) -> str:
    return FORMATS[name].write(verdicts, **named)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text), strict=True))


def strictly(text: str):
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


NAMED = {"type": "string", "minLength": 1}
"""A text of a JSON schema that may not be empty."""


ATTACKS = st.sampled_from(
    [
        "=HYPERLINK(1)",
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        "＝1",
        "]]>",
        "<![CDATA[",
        "&#0;",
        "\x00\x0b\ufffe\ud800",
        "\x1b[31mPASSED\x1b[0m",
        "::set-output name=a::b",
        "\n::notice title=Autograding report::{}",
        "##[set-output name=a]b",
        "%0A::error::x",
        "```\n# PASSED\n<script>alert(1)</script>",
        "![x](http://e.vil/x.png) [y](javascript:z) www.e.vil http://e.vil",
        "| a | b |\n|---|---|",
        "</pre><img src=x onerror=y>",
        "Points Possible",
        "\u202e\u2066",
    ]
)
TEXT = st.lists(st.one_of(ATTACKS, st.text(max_size=12)), max_size=3).map("".join)
NUMBER = st.floats(allow_nan=True, allow_infinity=True)
SECONDS = st.floats(0, 1e5)
MEASURE = st.builds(Measure, name=TEXT, value=NUMBER, unit=TEXT)
OUTCOME = st.builds(
    Outcome,
    check=TEXT,
    claim=TEXT,
    status=st.sampled_from(Status),
    message=TEXT,
    line=st.none() | st.integers(0, 9999),
    counterexample=st.none() | st.builds(Counterexample, call=TEXT, error=NUMBER, allowed=NUMBER),
    mistakes=st.lists(TEXT, max_size=2).map(tuple),
    next_step=TEXT,
    weight=st.sampled_from([0.0, 1.0, 2.5]),
    merit=st.booleans(),
    measures=st.lists(st.builds(Measure, name=TEXT, value=NUMBER, unit=TEXT), max_size=2).map(
        tuple
    ),
    seconds=SECONDS,
    cpu_s=SECONDS,
    peak_mb=st.floats(0, 1e5),
    printed=TEXT,
)
VERDICT = st.builds(
    Verdict,
    exercise=TEXT,
    unit=TEXT,
    title=TEXT,
    points=st.integers(1, 100),
    file=TEXT,
    sha256=st.just("5e0d" * 16),
    learner=TEXT,
    started=st.just("2026-11-20T14:03:11.25Z"),
    seed=st.just(1815),
    factor=st.floats(0, 1),
    outcomes=st.lists(OUTCOME, max_size=3).map(tuple),
    isolation=st.just(sample.STRICT),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    seconds=SECONDS,
)
MANY = st.lists(VERDICT, max_size=3).map(tuple)
DRAWN = settings(
    deadline=None,
    max_examples=30,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
