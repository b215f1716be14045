from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise, product
from xml.etree import ElementTree

import pytest
import sample_verdicts as sample
from conftest import COURSE

from grader import catalogue
from grader.model import Curve, Measure
from grader.report import as_html, chart
from grader.report.html import bullet, day, inline_code, keys, unit_name

PAGE = as_html(sample.VERDICTS, "Deep learning <with> PyTorch")
VOID = {"meta", "link", "br", "img", "path", "circle", "use"}
Element = tuple[str, dict[str, str | None]]


class Reader(HTMLParser):
    """Elements in order, text, and whether tags close in the order in which they open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


READ = Reader(PAGE)
TEXT = " ".join(" ".join(READ.words).split())


def test_a_page_about_a_whole_course_shows_what_was_not_tried():
    course = catalogue.load(COURSE)
    first = course.exercises[0]
    verdict = sample.verdict(first.slug, first.unit, first.title)
    page = " ".join(Reader(as_html([verdict], course.title, course)).words)
    other = course.exercises[1]
    assert "of 2 exercises passed" in page and "Not tried" in page and other.title in page
    assert f"of {40 + other.points} points" in page
    assert course.units[0].title in page
    assert "Not tried" not in as_html([verdict], course.title)


def silent(page: str) -> list[str]:
    """What the page folds away, as text."""
    found = re.findall(r'<details class="silent">(.*?)</details>', page, re.S)
    return [" ".join(" ".join(Reader(each).words).split()) for each in found]


def test_a_page_about_many_exercises_folds_what_passed_and_has_nothing_to_show():
    outcomes = (
        sample.passed("a", "First claim."),
        sample.failed("b", "Second claim."),
        sample.passed("c", "Third claim."),
        sample.passed("d", "Fourth claim.", message="9 of 10."),
        sample.passed("e", "Fifth claim.", measures=[sample.GPT.outcomes[-1].measures[0]]),
    )
    both = [sample.verdict(slug, "sums", slug, *outcomes) for slug in ("total", "mean")]
    said = "2 checks passed passed First claim. 8 / 8 points passed Third claim. 8 / 8 points"
    assert silent(as_html(both)) == [said, said]
    assert silent(as_html(both[:1])) == []


def test_tags_are_balanced():
    assert READ.unbalanced == []
    assert READ.open == []


def test_the_file_needs_nothing_else_and_runs_nothing():
    tags = Counter(tag for tag, _ in READ.elements)
    assert not tags.keys() & {"script", "img", "iframe", "object", "embed", "base", "form"}
    for _, attributes in READ.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    assert "url(" not in PAGE
    assert "@import" not in PAGE


def test_the_content_security_policy_forbids_scripts_and_requests():
    policies = [a["content"] for _, a in READ.elements if "http-equiv" in a]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_hostile_text_is_shown_and_stays_text():
    for text in (
        "<script>alert('title')</script>",
        "<script>alert(1)</script>PASSED",
        "</pre><script>alert(3)</script>",
        "</svg><script>alert(4)</script> $\\frac{",
        "{{ 7 * 7 }} {% raw %}",
        "<script>note</script>",
        "Deep learning <with> PyTorch",
    ):
        assert text in TEXT
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", PAGE)
    assert "owned" not in PAGE


def test_the_same_verdicts_give_the_same_bytes():
    assert as_html(sample.VERDICTS, "Deep learning <with> PyTorch") == PAGE


def test_the_headline_and_the_units_add_up():
    assert "1 of 8 exercises passed" in TEXT
    assert "77.67 of 210 points" in TEXT
    assert "16.67 of 60 points" in TEXT


def test_every_exercise_has_one_section_and_the_overview_links_to_it():
    ids = [a["id"] for tag, a in READ.elements if tag == "section"]
    links = [a["href"] for tag, a in READ.elements if tag == "a"]
    assert len(ids) == len(sample.VERDICTS)
    assert links == [f"#{each}" for each in ids]


def test_ids_are_unique_and_every_reference_has_a_target():
    ids = [a["id"] for _, a in READ.elements if "id" in a]
    assert len(ids) == len(set(ids))
    used = {a["href"] for _, a in READ.elements if (a.get("href") or "").startswith("#")}
    assert used <= {f"#{each}" for each in ids}


def test_headings_skip_no_level():
    levels = [int(tag[1]) for tag, _ in READ.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_chart_a_title():
    tags = [tag for tag, _ in READ.elements]
    assert tags.count("table") > 0
    assert [tags[n + 1] for n, tag in enumerate(tags) if tag == "table"] == [
        "caption"
    ] * tags.count("table")
    charts = [n for n, (_, a) in enumerate(READ.elements) if a.get("role") == "img"]
    assert len(charts) == 2 * 4
    assert {tags[n + 1] for n in charts} == {"title"}


def test_every_other_drawing_is_hidden_from_readers():
    drawings = [a for tag, a in READ.elements if tag == "svg" and a.get("role") != "img"]
    assert {a.get("aria-hidden") for a in drawings} == {"true"}


def test_the_first_difference_is_outlined_and_said_on_both_sides():
    page = as_html([sample.ATTENTION], "Course")
    assert page.count('<td class="differs">') == 6
    assert 'class="differs">0.5437<span class="unseen"> (first difference)' in page
    assert 'class="differs">0.6285<span class="unseen"> (first difference)' in page
    assert "First difference at <code>[1, 0]</code>." in page


def test_failures_carry_mistakes_next_step_measures_and_printed_text():
    assert "This looks like: You did not divide the scores" in TEXT
    assert "This looks like one of:" in TEXT
    assert "Next: Loop over the kernel, not over the image." in TEXT
    assert "accuracy on shifted digits 0.8997 (bar 0.90)" in TEXT
    assert "Printed by your code scores tensor([[0., 0., 0.]])" in TEXT


def test_how_it_was_graded_stands_at_the_end_of_each_exercise():
    page = " ".join(Reader(as_html([sample.GPT], "Course")).words)
    assert re.search(r"How this was graded.*strict: bubblewrap.*torch 2\.13\.0", page, re.S)
    assert sample.GPT.sha256 in page
    assert all(value in page for value in sample.HASHES.values())


def test_a_verdict_without_outcomes_is_shown_as_a_grader_fault():
    page = as_html([sample.verdict("empty", "basics", "Nothing")], "Course")
    assert "The grader failed here, not your code." in page


def test_no_verdict_at_all_makes_a_page():
    assert "0 of 0 exercises passed" in as_html([], "Course")


def test_learners_are_named_where_there_are_several():
    other = sample.GPT.model_copy(update={"learner": "grace"})
    assert "Report for ada, grace" in as_html([sample.GPT, other], "Course")


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(theme):
    light, dark = re.findall(r":root \{(.*?)\}", PAGE, re.S)[:2]
    colour = colours(light if theme == "light" else dark)
    pairs = list(product(("ink", "muted", "link"), ("paper", "card", "sunk")))
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "odd")]
    pairs += [("muted", "quiet-soft"), ("ink", "odd-soft"), ("ink", "quiet-soft")]
    assert {
        pair: contrast(colour[pair[0]], colour[pair[1]])
        for pair in pairs
        if contrast(colour[pair[0]], colour[pair[1]]) < 4.5
    } == {}
    lines = [colour[f"series-{n}"] for n in range(1, 5)] + [colour["level"]]
    assert min(contrast(line, colour["card"]) for line in lines) >= 3


@pytest.mark.parametrize("size", [chart.WIDE, chart.NARROW])
def test_a_chart_is_one_svg_in_the_colours_of_the_page(size):
    curve = sample.GPT.outcomes[1].curves[0]
    root = ElementTree.fromstring(chart.draw(curve, size))
    drawn = ElementTree.tostring(root, encoding="unicode")
    assert root.get("viewBox") == f"0 0 {size.width} {size.height}"
    assert not re.search(r"#[0-9a-f]{6}|font-family|\bid=", drawn)
    assert {"var(--series-1)", "var(--series-2)", "var(--level)"} <= set(
        re.findall(r"var\(--[\w-]+\)", drawn)
    )
    words = [each.text for each in root.iter(f"{{{chart.SVG}}}text")]
    assert {"unigram", "bigram", "trigram", "training step", "bits per character"} <= set(words)


def test_names_of_levels_keep_a_line_apart():
    levels = {f"level {n}": 2.0 + n / 1000 for n in range(4)}
    curve = Curve(
        title="t", x_label="x", y_label="y", series={"a": [(0, 0), (1, 4)]}, levels=levels
    )
    root = ElementTree.fromstring(chart.draw(curve, chart.WIDE))
    heights = sorted(
        float(each.get("y"))
        for each in root.iter(f"{{{chart.SVG}}}text")
        if each.text.startswith("level")
    )
    assert all(after - before > 12 for before, after in pairwise(heights))


def test_the_chart_is_told_in_words():
    assert chart.told(sample.GPT.outcomes[1].curves[0]) == (
        "Held-out loss against n-gram baselines. held-out text goes from 6.02 to 2.766; "
        "training batches goes from 6.02 to 2.56; unigram is level at 4.829; "
        "bigram is level at 3.583; trigram is level at 2.952."
    )


@pytest.mark.parametrize(
    ("points", "legend"),
    [([], []), ([(0, float("nan"))], ["nan → nan"]), ([(0, 2), (1, float("inf"))], ["2.00 → inf"])],
)
def test_a_curve_that_leaves_the_finite_numbers_says_so(points, legend):
    curve = Curve(title="Empty", x_label="x", y_label="y", series={"a": points})
    outcome = sample.passed("check", "It trains.", curves=[curve])
    page = as_html([sample.verdict("e", "u", "E", outcome)], "Course")
    assert ('role="img"' in page) == (len(points) == 2)
    assert [key.text for key in keys(curve)] == legend
    assert all(text in page for text in legend)


@pytest.mark.parametrize("points", [[(3, 2.0)], [(0, 1.0), (1, 1.0)], [(0, -1e300), (1, 1e300)]])
def test_flat_single_and_huge_curves_can_be_drawn(points):
    curve = Curve(title="t", x_label="x", y_label="y", series={"a": points})
    assert ElementTree.fromstring(chart.draw(curve, chart.NARROW)).tag.endswith("svg")


def test_the_legend_names_every_line():
    assert [tuple(key) for key in keys(sample.CNN.outcomes[0].curves[0])] == [
        ("training", "series-1", "2.30 → 0.054"),
        ("validation", "series-2", "2.30 → 0.122"),
        ("guessing", "level", "2.303"),
    ]


@pytest.mark.parametrize(
    ("value", "bar", "unit", "place"),
    [
        (0.5, 0.9, "", (50, 90)),
        (2.0, 4.0, "nats", (43.48, 86.96)),
        (-1.0, 1.0, "", (0, 86.96)),
        (float("nan"), 1.0, "", None),
        (1.0, None, "", None),
    ],
)
def test_a_bullet_lies_on_its_scale(value, bar, unit, place):
    found = bullet(Measure(name="m", value=value, bar=bar, unit=unit))
    assert found == place if place is None else found == pytest.approx(place, abs=0.01)


def test_backticks_become_code_and_nothing_else_becomes_markup():
    assert inline_code("use `a < b` <b>") == "use <code>a &lt; b</code> &lt;b&gt;"
    assert inline_code("one ` alone") == "one ` alone"


def test_dates_and_units_are_written_for_people():
    assert day("2026-11-20T15:03:11+01:00") == "2026-11-20 14:03 UTC"
    assert day("yesterday") == "yesterday"
    assert unit_name("recurrent_networks") == "Recurrent networks"
