"""Markdown, and what GitHub makes of a report."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import sample_verdicts as sample
from drawn_verdicts import DRAWN, MANY, TEXT, write
from hypothesis import given
from markdown_it import MarkdownIt

from grader.report.markdown import fenced, inline

HTML = MarkdownIt("commonmark").enable("table").enable("strikethrough")
TAGS = set("h2 h3 p table thead tbody tr th td strong pre code".split())


@DRAWN
@given(verdicts=MANY)
def test_markdown_shows_text_and_obeys_none_of_it(verdicts):
    page = HTML.render(write("markdown", *verdicts))
    assert set(re.findall(r"<(\w+)", page)) <= TAGS
    root = ElementTree.fromstring(f"<page>{page}</page>")
    several = len(verdicts) != 1
    assert len(root.findall("h2")) == len(verdicts) + several
    asked = sum(any(not each.judged for each in verdict.outcomes) for verdict in verdicts)
    assert len(root.findall("table")) == len(verdicts) + several + asked
    assert len(root.findall("h3")) <= sum(max(len(each.outcomes), 1) for each in verdicts)


@DRAWN
@given(text=TEXT.map(lambda text: " ".join(text.replace("`", "").split())))
def test_an_inline_text_is_shown_letter_for_letter(text):
    page = HTML.render(inline(text).replace("\x00", ""))
    shown = "".join(ElementTree.fromstring(f"<page>{clean(page)}</page>").itertext())
    assert shown.rstrip("\n") == clean(text).replace("\x00", "")


def clean(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]", "", text)


def test_backticks_become_code_and_fences_outlast_what_they_hold():
    assert inline("a `b < c` d") == r"a <code>b \< c</code> d"
    assert inline("one ` alone") == r"one \` alone"
    assert fenced("```` x") == "`````text\n```` x\n`````"


def test_a_summary_stays_below_one_mebibyte_and_says_what_it_leaves_out():
    long = [sample.FAULT.model_copy(update={"title": "x" * 50_000})] * 30
    text = write("github", *long)
    assert 900 * 1024 < len(text.encode()) <= 1024 * 1024 < len(write("markdown", *long).encode())
    assert re.search(r"\n\d+ more sections are not shown: GitHub takes at most 1 MiB\.\n$", text)
    assert write("github", sample.GPT) == write("markdown", sample.GPT)


COMMAND = re.compile(
    r"::(error|warning|notice) file=([^:,]*)(,line=\d+)?,title=([^:,]*)::([^\r\n]+)"
)


@DRAWN
@given(verdicts=MANY)
def test_every_annotation_is_one_command_and_nothing_gets_out_of_it(verdicts):
    lines = write("annotations", *verdicts).splitlines()
    found = [COMMAND.fullmatch(line) for line in lines if line]
    assert all(found)
    assert all("%" not in re.sub("%(25|0D|0A|3A|2C)", "", line) for line in lines)
    assert all(count <= 10 for count in Counter(line.split(" ")[0] for line in lines).values())


def test_a_text_cannot_write_the_escapes_of_a_command_itself():
    outcome = sample.failed("check_it", "50%2C: a, b", message="%0A::error::x\n50%")
    line = write("annotations", sample.verdict("e", "u", "t", outcome, file="a:b%.py"))
    title = "50%252C%3A a%2C b"
    assert line == f"::error file=a%3Ab%25.py,title={title}::%250A::error::x%0A50%25\n"


def test_ten_annotations_of_a_kind_are_made_and_no_more():
    outcomes = [
        sample.failed(f"check_{n}", f"Claim {n}.", message="No.", merit=n % 2 == 0)
        for n in range(24)
    ]
    lines = write("annotations", sample.verdict("e", "u", "t", *outcomes)).splitlines()
    assert Counter(line.split(" ")[0] for line in lines) == {"::error": 10, "::notice": 10}


def test_an_annotation_stands_on_the_line_of_the_learners_file():
    first = write("annotations", sample.ATTENTION).splitlines()[0]
    assert first.startswith("::error file=scaled_dot_product.py,line=23,title=The output equals")
    assert "%0Acall: attention(q, k, v, mask=None)%0A" in first
    places = {"scaled_dot_product": "work/attention, mine/a.py"}
    text = write("annotations", sample.ATTENTION, places=places)
    assert text.startswith("::error file=work/attention%2C mine/a.py,line=23,")


def test_a_merit_is_a_notice_and_our_fault_a_warning():
    lines = write("annotations", sample.CNN, sample.FAULT).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert ",title=layer_norm%3A The output equals the definition.::KeyError" in lines[1]
