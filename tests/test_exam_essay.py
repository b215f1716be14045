from __future__ import annotations

import time
from io import StringIO

import pytest
import sample_essays as samples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sample_essays import SEED

from grader import report
from grader.exam import essay
from grader.exam.essay import mark, paper
from grader.lending import to_nobody
from grader.model import GraderFault, Isolation, Level, Verdict
from grader.oracle import prose
from grader.oracle.prose import likeness
from grader.report.text import print_verdict

TASK = samples.task()
BOX = Isolation(level=Level.NONE)


def marked(text, seed=SEED):
    content = text if isinstance(text, bytes) else text.encode()
    return mark(TASK, {"essay.md": content}, seed, BOX, progress=to_nobody)


def right(verdict, kind):
    """How many numbers, or concepts, are right."""
    return sum(o.status == "passed" for o in verdict.outcomes if o.check.startswith(kind))


def outcome(verdict, check):
    return next(each for each in verdict.outcomes if each.check == check)


ESSAYS = {  # numbers, concepts, least and most points
    "good": (11, 12, 20, 20),
    "partial": (5, 11, 13, 15),
    "off_topic": (0, 0, 0, 0),
    "thin": (2, 1, 2, 3.5),
    "non_native": (11, 12, 19, 20),
    "terse": (11, 12, 16, 18),
    "formulas": (11, 12, 19, 20),
    "other_order": (11, 11, 19, 20),
    "bullets": (11, 11, 19, 20),
    "slips": (6, 9, 12, 14),
    "careful": (11, 10, 18, 19),
    "code_like": (11, 10, 18, 19),
    "wrong": (2, 12, 10, 12),
}


@pytest.mark.parametrize("name", ESSAYS)
def test_essays_of_many_styles_get_what_a_person_would_give(name):
    """But for `wrong`, whose words are right and whose claims are not: it only gets a note."""
    verdict = marked(samples.essay(name))
    numbers, concepts, least, most = ESSAYS[name]
    assert (right(verdict, "number"), right(verdict, "concept")) == (numbers, concepts)
    assert least <= verdict.score <= most


def test_every_essay_of_the_folder_is_judged():
    assert {path.stem for path in samples.ESSAYS.glob("*.md")} == set(ESSAYS)


def test_a_good_essay_is_good_with_anybodys_numbers():
    for seed in range(100, 130):
        assert marked(samples.essay("good", seed), seed).score == 20


def test_a_copied_essay_has_another_persons_numbers_and_a_note():
    verdict = marked(samples.essay("good", SEED + 1))
    assert right(verdict, "number") <= 2 and verdict.score <= 12
    assert any("compare it with other sittings" in note for note in verdict.notes)
    assert likeness(samples.essay("good"), samples.essay("good", SEED + 1)) == 1


@pytest.mark.parametrize(
    ("text", "most"),
    [
        pytest.param(samples.keywords(), 2, id="keywords and all numbers"),
        pytest.param(samples.right_numbers(), 0.8, id="numbers only"),
        pytest.param(samples.prompt_repeated(), 0, id="the prompt repeated"),
        pytest.param(samples.KEY_WORDS.replace(". ", "\n") * 20, 0, id="keywords in lines"),
        pytest.param(samples.essay("partial")[:200] * 9, 1.5, id="one paragraph repeated"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_a_text_that_is_no_essay_earns_next_to_nothing(text, most):
    verdict = marked(text)
    assert verdict.score <= most
    assert verdict.factor < 0.5 and any("every point counts" in note for note in verdict.notes)


def test_the_page_of_the_task_earns_nothing():
    for content in paper(TASK, SEED).values():
        assert right(marked(content), "concept") == 0


def test_half_of_the_points_are_numbers_and_half_are_concepts():
    verdict = marked("")
    assert verdict.points == 20 and len(verdict.outcomes) == 23
    for kind in ("number", "concept"):
        worth = sum(verdict.worth(o) for o in verdict.outcomes if o.check.startswith(kind))
        assert worth == pytest.approx(10)


def test_an_essay_that_is_short_or_long_loses_a_share_of_every_point():
    rubric = essay.read_rubric(TASK)
    factors = [rubric.length.factor(n) for n in (0, 160, 240, 320, 400, 480, 560, 640, 9999)]
    assert factors == pytest.approx([0.4, 0.4, 0.7, 1, 1, 1, 0.7, 0.4, 0.4])
    verdict = marked(samples.essay("terse"))
    assert verdict.factor == 0.82 and verdict.score == pytest.approx(0.82 * 20)
    screen = StringIO()
    print_verdict(verdict, Console(file=screen, width=80))
    assert "Every point counts 0.82 times here; the notes say why." in screen.getvalue()
    assert verdict.notes[0] == (
        "every point counts 0.82 times: 271 words of your own; 320 to 480 were asked for"
    )


def test_repeating_sentences_makes_no_essay_longer():
    text = samples.essay("terse")
    last = text.rstrip().rsplit("\n\n", 1)[1]
    assert marked(text + "\n\n" + last).factor == marked(text).factor


def test_the_sentence_that_says_a_concept_is_shown():
    verdict = marked(samples.essay("good"))
    found = outcome(verdict, "concept_update")
    assert found.message == '"Gradient descent subtracts learning rate times gradient."'
    screen = StringIO()
    print_verdict(verdict, Console(file=screen, width=80))
    shown = " ".join(screen.getvalue().split())
    assert found.message in shown and "provisional until an instructor" in shown
    assert "Gradient descent subtracts learning rate times gradient." in report.as_html(
        [verdict], "exit-1"
    )


def test_a_concept_that_is_not_said_shows_the_nearest_sentence_and_not_the_terms():
    found = outcome(marked(samples.essay("partial")), "concept_hidden_gradient")
    assert found.status == "failed"
    assert found.message.startswith('no one sentence says all of this; nearest: "')


def test_a_number_says_what_was_expected_and_whether_only_the_sign_is_wrong():
    verdict = marked(samples.essay("slips"))
    assert "with the other sign" in outcome(verdict, "number_dz_live").message
    assert "does not stand in your essay" in outcome(verdict, "number_new_first").message
    assert outcome(verdict, "number_prediction").message == "0.022 (expected 0.022)"


def test_the_same_essay_gives_the_same_verdict():
    one, two = (marked(samples.essay("non_native")) for _ in range(2))
    assert one.model_copy(update={"started": "", "seconds": 0}) == two.model_copy(
        update={"started": "", "seconds": 0}
    )


def test_a_verdict_survives_json_with_its_factor():
    verdict = marked(samples.essay("terse"))
    again = Verdict.model_validate_json(verdict.model_dump_json())
    assert (again, again.score, again.factor) == (verdict, verdict.score, 0.82)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_essay_in_another_encoding_is_read(codec):
    assert marked(samples.essay("good").encode(codec)).score == 20


def test_an_essay_of_windows_is_read():
    text = samples.essay("good").replace("worksheet.", "worksheet – naïve.").replace("\n", "\r\n")
    assert marked(text.encode("cp1252")).score == 20


def test_wrapped_lines_markup_and_curly_signs_change_nothing():
    text = samples.essay("good")
    plain = marked(text).score
    wrapped = "\n\n".join(_wrapped(block) for block in text.split("\n\n"))
    marked_up = text.replace("W1", "$W_1$").replace("gradient", "**gradient**")
    tex = text.replace("W2", "`W^{(2)}`").replace("y_hat", r"\hat{y}").replace("-", "−")
    for other in (wrapped, marked_up, tex, text.replace(" a1", " <b>a₁</b>")):
        assert marked(other).score == plain


def _wrapped(block):
    words = block.split()
    return "\n".join(" ".join(words[i : i + 9]) for i in range(0, len(words), 9))


def test_the_title_line_and_comments_are_not_counted():
    text = samples.essay("good")
    stub = paper(TASK, SEED)["essay.md"].decode()
    verdict = marked(stub + text.split("-->")[1])
    assert verdict.factor == 1 and right(marked(stub), "concept") == 0
    hidden = "<!-- " + " ".join(text.split("-->")[1].split()) + " -->"
    assert marked(hidden).score == 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bytes(range(256)) * 40_000, id="10 MB of binary"),
        pytest.param(samples.essay("good").encode() * 4000, id="10 MB of essay"),
        pytest.param(b"set!" * 40_000, id="no space"),
        pytest.param(b"the gradient of z is 0.5-" * 6_000, id="no full stop"),
        pytest.param(b"<!--" * 40_000, id="comments that never end"),
        pytest.param(b"\n " * 80_000, id="empty lines"),
        pytest.param(b"[[((\\frac{{" * 20_000, id="brackets"),
        pytest.param(b"9" * 200_000, id="one number"),
        pytest.param(b"1e999 -1e999 0.1e-999 ", id="numbers that are none"),
    ],
)
def test_whatever_is_handed_in_is_marked_soon(content):
    began = time.process_time()
    verdict = marked(content)
    assert 0 <= verdict.score <= 10
    assert time.process_time() - began < 5
    print_verdict(verdict, Console(file=StringIO()))


def test_only_the_beginning_of_a_huge_file_is_read_and_the_verdict_says_so():
    verdict = marked(samples.essay("good") + "\n\n" + "word " * 100_000)
    assert "only the first 128 KiB were read" in verdict.notes


def test_no_file_is_a_verdict_of_no_points():
    verdict = mark(TASK, {}, SEED, BOX, progress=to_nobody)
    assert (verdict.score, verdict.exit_code, verdict.faults) == (0, 1, ())
    assert verdict.notes[0] == "no essay.md was handed in"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda t: t.encode("utf-8", "replace")))
@example(b"\xff\xfe\x00\xd8")
@example(b"\xef\xbb\xbf")
@example("½ŷ∂∇ \\hat{y} [x](y)".encode())
def test_no_bytes_break_the_marking(content):
    verdict = marked(content)
    assert 0 <= verdict.score <= 20 and len(verdict.outcomes) == 23 and not verdict.faults
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_a_paper_is_personal_and_holds_no_answer():
    ours, theirs = paper(TASK, SEED), paper(TASK, SEED + 1)
    assert set(ours) == {"articulate.md", "worksheet.md", "essay.md"}
    assert ours == paper(TASK, SEED) and ours["worksheet.md"] != theirs["worksheet.md"]
    assert ours["articulate.md"] == theirs["articulate.md"]
    for seed in range(20):
        texts = paper(TASK, seed).values()
        assert right(marked(b"\n\n".join(texts), seed), "number") == 0
    assert b"provisional" in ours["articulate.md"] and b"{" not in ours["worksheet.md"]


def test_the_picture_of_the_worksheet_stays_straight():
    for seed in range(50):
        lines = paper(TASK, seed)["worksheet.md"].decode().splitlines()[4:8]
        assert "ReLU" in lines[0] and "ReLU" in lines[3]
        joint = lines[1].index("+")
        assert lines[0].rindex("+") == lines[3].rindex("+") == joint == lines[2].index("|")
        assert lines[0].index("+") == lines[3].index("+") == lines[1].index("\\") - 1


def test_a_rubric_that_is_wrong_is_our_fault_with_its_line(tmp_path):
    good = (TASK.solution / "rubric.yaml").read_text("utf-8")
    broken = TASK.__class__(TASK.part, TASK.folder, tmp_path)
    with pytest.raises(GraderFault, match=r"articulate/rubric\.yaml: No such file"):
        essay.read_rubric(broken)
    for old, new, said in (
        ("numbers_read: 60", "numbers_read: 0", r"line \d+: numbers_read"),
        ("name: relu", "name: gate", "two concepts have the same name"),
        ('["0", zero*', '["", zero*', "a group needs terms"),
        ('["0", zero*', "[off, zero*", "should be a valid string"),
    ):
        assert old in good
        (tmp_path / "rubric.yaml").write_text(good.replace(old, new), "utf-8")
        with pytest.raises(GraderFault, match=said):
            essay.read_rubric(broken)


def test_likeness_finds_copies_and_leaves_people_alone():
    texts = {path.stem: samples.essay(path.stem) for path in samples.ESSAYS.glob("*.md")}
    copied = {("good", "partial")}
    for one in texts:
        for two in texts:
            if one < two and (one, two) not in copied:
                assert likeness(texts[one], texts[two]) < 0.1, (one, two)
    assert likeness(texts["good"], texts["partial"]) > 0.4
    assert likeness(texts["good"], texts["good"] + texts["wrong"]) > 0.95
    assert likeness("", "") == 0


def test_markup_and_formulas_become_what_a_reader_sees():
    for text, seen in (
        (r"$\frac{\partial L}{\partial W^{(1)}}$", "dL/dW1"),
        ("**gradient** of `z_1`", "gradient of z1"),
        ("∂L/∂W₂", "dL/dW2"),
        ("ŷ, y_hat and y-hat", "yhat, yhat and yhat"),
        ("zero_grad()", "zerograd()"),
        ("a <b>b</b> [c](http://d)", "a b c"),
    ):
        assert prose.plain(text) == seen


def test_a_list_of_words_is_no_sentence_and_a_short_sentence_is_one():
    assert prose.Sentence("The loss is half of it.").is_prose
    assert not prose.Sentence(samples.KEY_WORDS).is_prose
    assert not prose.Sentence("the the the of of of and and to to").is_prose
