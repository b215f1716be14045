"""The form of written work: what counts as a word, a section, a number, a command."""

from __future__ import annotations

import pytest

from grader.oracle import Mismatch
from grader.oracle.texts import (
    assert_code,
    assert_sections,
    assert_words,
    count_words,
    fences,
    items,
    page_of,
    quotes,
    tables,
)

PAGE = """\
---
run: a
value: 0.5
---

# Title

## One

Three plain words. <!-- not these -->

| Option | Cost |
|---|---|
| left | much time |
| right | money |

## Two

```bash
ls -l
```

1. first
   goes on
2. second

## Three
"""


class Files:
    def __init__(self, text):
        self.given = text

    def text(self, name):
        return self.given


def page(text=PAGE):
    return page_of(Files(text), "page.md")


def test_words_stand_outside_of_code_tables_comments_and_front_matter():
    assert count_words(page().body) == len("Title One Three plain words Two".split()) + 7
    assert_words("one two", 2, 2, "it")
    for least, most in ((3, 9), (0, 1)):
        with pytest.raises(Mismatch, match="it has 2 words, expected"):
            assert_words("one two", least, most, "it")


def test_a_page_has_fields_sections_lists_and_tables():
    found = page()
    assert (found.field("run"), found.field("value")) == ("a", 0.5)
    assert list(found.sections) == ["One", "Two", "Three"]
    assert tables(found.section("One")) == [["left", "much time"], ["right", "money"]]
    assert fences(found.section("Two")) == [("bash", "ls -l\n")]
    assert items(found.section("Two")) == ["first goes on", "second"]


def test_what_a_page_lacks_is_named():
    with pytest.raises(Mismatch, match="`date` is missing"):
        page().field("date")
    with pytest.raises(Mismatch, match="no section `## Four`"):
        page().section("Four")
    with pytest.raises(Mismatch, match="nothing stands under `## Three`"):
        page().section("Three")
    with pytest.raises(Mismatch, match="the sections stand as"):
        assert_sections(page(), ["Two", "One"])
    assert_sections(page(), ["One", "Two"])


@pytest.mark.parametrize("front", ["a: [", "- a", "just text", "!!python/object:os.system {}"])
def test_front_matter_that_is_none_is_the_learners_fault(front):
    with pytest.raises(Mismatch, match="are not `key: value`"):
        page(f"---\n{front}\n---\n\ntext\n")


def test_a_page_without_front_matter_is_all_body():
    assert page("# Only\n").body == "# Only\n" and page("# Only\n").front == {}


@pytest.mark.parametrize(
    ("text", "value", "there"),
    [
        ("an accuracy of 0.972", 0.97222, True),
        ("an accuracy of 97.2 %", 0.97222, True),
        ("97.2% of them", 0.97222, True),
        ("0.97.", 0.97222, True),
        ("0.98", 0.97222, False),
        ("0.973", 0.97222, False),
        ("nearly 1", 0.97222, False),
        ("about 0.1", 0.09931, False),  # one digit says nothing
        ("0.099", 0.09931, True),
        ("-0.5 and 0.12", 0.5, False),
        ("1.7e-14", 1.7e-14, True),
        ("2.25e-4", 0.000225, True),
        ("1.7e-13", 1.7e-14, False),
        ("2,410 parameters", 2410, True),
        ("at step 2", 2, True),
        ("at step 12", 2, False),
        ("W1 and v2.1", 2.1, False),
        ("82.8", float("nan"), False),
        ("82.8", float("inf"), False),
    ],
)
def test_a_number_is_quoted_as_it_is_rounded(text, value, there):
    assert quotes(text, value) is there


def test_commands_and_programs_have_to_be_readable():
    assert_code("```bash\ngrep 'a b' \\\n  file  # isn't\n```\n```python\nx = 1\n```\n", "it")
    assert_code("```text\n' (\n```\n", "it")
    for language, code in (("bash", "grep 'a"), ("python", "x = (")):
        with pytest.raises(Mismatch, match=f"a block of {language} cannot be read"):
            assert_code(f"```{language}\n{code}\n```\n", "it")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["<!--", "```\nx\n", "1,", "| a\n", "- a\n", "1. ", "9" * 50 + "x"]
)
def test_no_text_takes_long(piece):
    text = (piece * (1 << 16))[: 1 << 16]
    count_words(text), fences(text), items(text), tables(text), quotes(text, 0.5)


def test_front_matter_with_aliases_and_texts_without_end_are_refused():
    with pytest.raises(Mismatch, match="are not `key: value`"):
        page("---\na: &a [1]\nb: *a\n---\n\ntext\n")
    with pytest.raises(Mismatch, match="longer than 64 KiB"):
        assert_words("a " * (1 << 16), 1, 9, "it")
