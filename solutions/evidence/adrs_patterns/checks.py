import ast
import re
from pathlib import Path

import pytest

from grader.oracle import Mismatch
from grader.oracle.runs import run_of, runs_of
from grader.oracle.texts import (
    assert_quotes,
    assert_sections,
    assert_words,
    count_words,
    fences,
    items,
    page_of,
    quotes,
    tables,
)

COURSE = Path(__file__).parents[3] / "exercises"
RECORD = ["Context", "Decision", "Options", "Consequences", "Revisit when", "Evidence"]
PATTERN = [
    *("Problem", "Forces", "Solution sketch", "When not", "Known failures", "Links"),
    "Open questions",
]
RECORDS = pytest.mark.parametrize("name", ["adr/0001-pytorch.md", "adr/0002-adamw.md"])
PATTERNS = pytest.mark.parametrize(
    "name",
    [
        f"patterns/{each}.md"
        for each in ("autograd", "gradient-descent", "backpropagation", "attention-mechanism")
    ],
)


def assert_said(text, words, what):
    if count_words(text) < words:
        raise Mismatch(f"{what} has {count_words(text)} words, expected {words} or more")


@RECORDS
def check_record(submission, name):
    """{name} has its fields, its sections in order, and its length."""
    page = page_of(submission, name)
    if page.field("status") not in ("proposed", "accepted", "superseded"):
        raise Mismatch(f"{name}: status is proposed, accepted or superseded")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(page.field("date"))):
        raise Mismatch(f"{name}: date is written as 2026-11-02")
    assert_sections(page, RECORD)
    for heading in ("Context", "Decision", "Consequences", "Revisit when"):
        assert_said(page.section(heading), 8, f"{name}, {heading}")
    assert_words(page.body, 120, 500, name)


@RECORDS
def check_options(submission, name):
    """{name} weighs two options or more, each with its cost."""
    rows = tables(page_of(submission, name).section("Options"))
    if len(rows) < 2 or len({row[0].lower() for row in rows}) < len(rows):
        raise Mismatch(f"{name}: the table of options has {len(rows)} rows, expected 2 different")
    for row in rows:
        if not row[0] or len(row) < 2 or count_words(row[1]) < 3:
            raise Mismatch(f"{name}: the option {row[0] or '?'} has no cost of 3 words or more")


@RECORDS
def check_evidence(submission, name):
    """{name} rests on a run in the folder, and its number is the one in the log."""
    page = page_of(submission, name)
    log, metric, value = (page.field(each) for each in ("run", "metric", "value"))
    log = run_of(submission, log, name)
    values = [number for _, number in log.series(str(metric))]
    if not isinstance(value, int | float) or value not in values:
        raise Mismatch(f"{name}: {metric} is never {value} in the run {log.run}")
    told = page.section("Evidence")
    if log.run not in told:
        raise Mismatch(f"{name}: Evidence does not name the run {log.run}")
    assert_quotes(told, value, f"{name}, Evidence", str(metric))


def check_appendix(submission):
    """adr/appendix.md answers the four short questions both ways."""
    rows = {row[0].lower(): row[1:] for row in tables(submission.text("adr/appendix.md"))}
    for question in ("framework", "tabular", "sequences", "optimizer"):
        cells = rows.get(question, [])
        if len(cells) != 2 or min(map(count_words, cells)) < 3:
            raise Mismatch(f"adr/appendix.md: {question} lacks what you choose, or when not")


@PATTERNS
def check_pattern(submission, name):
    """{name} is an outline with its sections in order, two forces, limits, and its length."""
    page = page_of(submission, name)
    if page.field("level") != "OUTLINE":
        raise Mismatch(f"{name}: level is OUTLINE")
    assert_sections(page, PATTERN)
    if len(items(page.section("Forces"))) < 2:
        raise Mismatch(f"{name}: Forces is a list of two or more")
    assert_said(page.section("When not"), 8, f"{name}, When not")
    assert_words(page.body, 80, 350, name)
    if "attention" in name and "deepened" not in page.section("Open questions"):
        raise Mismatch(f"{name}: Open questions does not say that it is to be deepened")


@PATTERNS
def check_sketch(submission, name):
    """The sketch in {name} is one block of Python, at most 8 lines, that parses."""
    blocks = fences(page_of(submission, name).section("Solution sketch"))
    if [language for language, _ in blocks] != ["python"]:
        raise Mismatch(f"{name}: Solution sketch holds one block of code, marked `python`")
    lines = [line for line in blocks[0][1].splitlines() if line.strip()]
    if not 1 <= len(lines) <= 8:
        raise Mismatch(f"{name}: the sketch has {len(lines)} lines, expected 1 to 8")
    try:
        ast.parse(blocks[0][1])
    except (SyntaxError, ValueError) as error:
        raise Mismatch(f"{name}: the sketch cannot be parsed: {error}") from None


@PATTERNS
def check_failures_and_links(submission, name):
    """{name} tells a failure with a number of its run, and leads to an exercise."""
    page, runs = page_of(submission, name), runs_of(submission)
    told = page.section("Known failures")
    named = [runs[each] for each in re.findall(r"`([^`]+)`", told) if each in runs]
    if not named:
        raise Mismatch(f"{name}: Known failures names no run of runs/ in backticks")
    values = [
        value
        for log in named
        for record in log.records
        for metric, value in record.items()
        if metric != "step"
    ]
    if not any(quotes(told, value) for value in values):
        raise Mismatch(f"{name}: Known failures gives no number of the run {named[0].run}")
    slugs = {path.parent.name for path in COURSE.glob("*/*/exercise.yaml")}
    if not slugs.intersection(re.findall(r"`([^`]+)`", page.section("Links"))):
        raise Mismatch(f"{name}: Links names no exercise of this course in backticks")
