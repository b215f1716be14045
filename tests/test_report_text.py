from __future__ import annotations

import re
from io import BytesIO, StringIO, TextIOWrapper

import pytest
import sample_verdicts as sample
from rich.cells import cell_len
from rich.console import Console

from grader.model import Counterexample, Measure, Status, Verdict
from grader.report import print_summary, print_verdict, wording
from grader.report.plain import plain_text


def shown(verdict: Verdict, *, verbose: bool = False) -> str:
    console = Console(file=StringIO(), width=80)
    print_verdict(verdict, console, verbose=verbose)
    return console.file.getvalue()


def sentences(text: str) -> str:
    """The report without its line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (sample.GPT, "train_gpt: PASSED, 40 of 40 points"),
        (sample.ATTENTION, "scaled_dot_product: NOT PASSED, 6.67 of 40 points"),
        (sample.FAULT, "layer_norm: GRADER FAULT, 5 of 10 points"),
    ],
)
def test_the_first_line_names_exercise_outcome_and_points(verdict, headline):
    assert shown(verdict).splitlines()[0].rstrip() == headline


def test_every_status_has_its_own_word():
    assert len(set(wording.WORDS.values())) == len(Status)


@pytest.mark.parametrize("word", ["time", "mem", "died"])
def test_a_row_carries_the_word_and_a_mark(word):
    assert f"✗ {word}" in shown(sample.TIMEOUT)


def test_a_failure_shows_call_place_values_error_mistake_and_next_step():
    text = shown(sample.ATTENTION)
    assert "call: attention(q, k, v, mask=None)" in text
    assert "line 23 of scaled_dot_product.py" in text
    assert "[1] >0.5437<  0.2681        [1] >0.6285<  0.2312" in text
    assert "first difference at [1, 0]" in text
    assert "error 0.0848, allowed 1e-06 (84,800 times)" in text
    assert "This looks like: - You did not divide the scores" in sentences(text)
    assert "Next: Compare the size of your scores" in text


def test_several_mistakes_are_announced_as_several():
    assert "This looks like one of: - You added" in sentences(shown(sample.ATTENTION))


def test_values_that_read_alike_get_more_digits():
    text = shown(sample.ATTENTION)
    assert ">0.665241<" in text
    assert ">0.665248<" in text


def test_only_the_first_three_failures_are_explained():
    text = shown(sample.ATTENTION)
    assert "RuntimeError" not in text
    assert "1 more not explained here: grade with -v to see all." in text
    assert "✗ error The gradient agrees with central differences." in text


def test_verbose_explains_every_failure():
    text = shown(sample.ATTENTION, verbose=True)
    assert "RuntimeError" in text
    assert "more not explained" not in text


def test_a_measure_stands_beside_its_bar():
    assert "accuracy 0.967 (bar 0.90)" in shown(sample.CNN)
    assert "held-out loss 2.791 bits per character (bar 3.483 or less)" in shown(sample.GPT)


@pytest.mark.parametrize(
    ("value", "bar", "text"),
    [
        (0.8997, 0.9, "0.8997 (bar 0.90)"),
        (0.89997, 0.9, "0.89997 (bar 0.90)"),
        (0.9, 0.9, "0.90"),
        (9.9996, 10.0, "9.9996 (bar 10)"),
        (31_068.994, 31_069.0, "31,068.99 (bar 31,069)"),
    ],
)
def test_a_near_miss_does_not_read_like_a_hit(value, bar, text):
    assert text in wording.measured(Measure(name="accuracy", value=value, bar=bar))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (2e-7, "2e-07"),
        (-0.9, "-0.90"),
        (9.9996, "10"),
        (12.3456, "12.35"),
        (31_069.494, "31,069"),
        (3e11, "300,000,000,000"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_has_the_decimals_that_its_size_needs(value, text):
    assert wording.decimal(value) == text


@pytest.mark.parametrize(
    ("error", "allowed", "text"),
    [
        (0.31, 1e-6, "error 0.31, allowed 1e-06 (310,000 times)"),
        (0.31, 0.0, "error 0.31, allowed 0"),
        (float("nan"), 1e-6, "error nan, allowed 1e-06"),
        (3.0, 2.0, "error 3, allowed 2 (1.5 times)"),
        (3.0, None, "error 3"),
        (None, 1.0, ""),
    ],
)
def test_the_error_is_a_multiple_of_what_is_allowed(error, allowed, text):
    assert wording.errors(Counterexample(error=error, allowed=allowed)) == text


def test_a_broken_rule_and_a_grader_fault_say_what_they_do_to_the_score():
    assert "A rule is broken, so no check earns points" in shown(sample.FORBIDDEN)
    assert "The grader failed here, not your code." in shown(sample.FAULT)


def test_the_last_line_names_isolation_notes_and_seconds():
    assert sentences(shown(sample.CNN)).endswith(
        "Isolation: strict (bubblewrap, seccomp, rlimits, cgroup). The MNIST files were not found:"
        " 8 x 8 digits stood in. 21.7 s."
    )


def test_ten_lines_of_printed_text_are_shown_under_a_heading():
    text = shown(sample.HOSTILE)
    assert "Printed by your code (first 10 of 34 lines)" in text
    assert "  | line 9 </pre><script>" in text
    assert "line 10 " not in text


def test_text_printed_in_every_check_is_shown_once():
    printing = [sample.passed(f"check_{n}", "It runs.", printed="hello\n") for n in range(4)]
    assert shown(sample.verdict("echo", "basics", "Echo", *printing)).count("hello") == 1


def test_a_long_message_is_cut_and_says_so():
    text = shown(sample.HOSTILE)
    assert "more characters)" in text
    assert text.count("0.1234567") < 100
    assert shown(sample.HOSTILE, verbose=True).count("0.1234567") == 2000


def test_nothing_that_a_submission_says_controls_the_terminal():
    text = shown(sample.HOSTILE)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "owned" not in text
    assert "hostile.py" in text
    assert "[red]markup[/red]" in text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended\nnext", "\nnext"),
        ("\x9b2Jgone", "gone"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("a\x00b\x08c\x7f", "abc"),
        ("\u202etxt", "txt"),
        ("two\u2028lines", "two\nlines"),
        ("\x1b", ""),
    ],
)
def test_plain_text_drops_sequences_and_controls(dirty, clean):
    assert plain_text(dirty) == clean


@pytest.mark.parametrize("verdict", sample.VERDICTS, ids=lambda verdict: verdict.exercise)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_80_columns(verdict, verbose):
    assert max(cell_len(line) for line in shown(verdict, verbose=verbose).splitlines()) <= 80


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "cp1252"])
@pytest.mark.parametrize("verdict", sample.VERDICTS, ids=lambda verdict: verdict.exercise)
def test_a_console_without_utf_8_gets_ascii_marks_and_no_error(verdict, encoding):
    raw = BytesIO()
    console = Console(file=TextIOWrapper(raw, encoding=encoding), width=80)
    print_verdict(verdict, console, verbose=True)
    print_summary([verdict], console)
    console.file.flush()
    text = raw.getvalue().decode(encoding)
    assert re.search(r"^ +[+x!] (ok|FAIL|time|rule)", text, re.M)
    assert all(ord(letter) < 256 for letter in text)


def test_letters_that_the_console_lacks_become_escapes():
    raw = BytesIO()
    console = Console(file=TextIOWrapper(raw, encoding="ascii"), width=80)
    print_verdict(sample.ATTENTION, console)
    console.file.flush()
    assert rb"softmax(q k\u1d40 / \u221ad)" in raw.getvalue()


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=StringIO(), width=80, force_terminal=True)
    print_verdict(sample.ATTENTION, console)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", console.file.getvalue())


def test_a_verdict_without_outcomes_is_a_grader_fault():
    assert "empty: GRADER FAULT" in shown(sample.verdict("empty", "basics", "Nothing was graded"))


def test_the_summary_adds_up_units_and_total():
    console = Console(file=StringIO(), width=80)
    print_summary([*sample.VERDICTS, sample.GPT.model_copy(update={"unit": "basics"})], console)
    lines = [sentences(line) for line in console.file.getvalue().splitlines()]
    assert "scaled_dot_product NOT PASSED 6.67 / 40" in lines
    assert [line for line in lines if line.startswith("unit")] == [
        "unit 45 / 70",
        "unit 16 / 80",
        "unit 16.67 / 60",
        "unit 40 / 40",
    ]
    assert lines[-1] == "total 2 of 9 passed 117.67 / 250"
