"""YAML in, plain data with line numbers out; whatever else arrives is one sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from grader.documents import MAX_BYTES, MAX_DEPTH, read_yaml, validate
from grader.model import Exercise, Frozen, UsageError


def refused(content):
    with pytest.raises(UsageError) as caught:
        read_yaml(content, "a.yaml")
    message = str(caught.value)
    assert message.startswith("a.yaml") and message.endswith(".") and "\n" not in message
    return message


def test_plain_data_come_back_as_they_are():
    text = b"a: 1\nb: 2.5\nc: yes\nd:\ne: [x, 'y', [1]]\nf: {g: -3, 4: .inf}\nh: '5'\n"
    data, _ = read_yaml(text, "a.yaml")
    assert data == {
        **{"a": 1, "b": 2.5, "c": True, "d": None, "e": ["x", "y", [1]]},
        **{"f": {"g": -3, 4: math.inf}, "h": "5"},
    }


def test_every_entry_knows_its_line():
    text = b"# a comment\nlimits:\n  cpu_s: 5\n  wall_s: 6\n\nafter:\n- a\n- b: 1\n"
    _, lines = read_yaml(text, "a.yaml")
    assert lines == {
        **{(): 2, ("limits",): 2, ("limits", "cpu_s"): 3, ("limits", "wall_s"): 4},
        **{("after",): 6, ("after", 0): 7, ("after", 1): 8, ("after", 1, "b"): 8},
    }


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_nothing(content):
    assert read_yaml(content, "a.yaml") == (None, {})


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    data, lines = read_yaml(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "a.yaml")
    assert data == {"a": 1, "b": 2} and lines[("b",)] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: \xff\n", "line 2: not UTF-8; save the file as UTF-8."),
        ("a: é".encode("latin-1"), "line 1: not UTF-8"),
        (b"a: 1\nb: 2\na: 3\n", "line 3: `a` stands here twice."),
        (b"a: {b: 1, b: 2}\n", "line 1: `b` stands here twice."),
        (b"a: &x [1]\nb: *x\n", "line 1: aliases, tags and dates"),
        (b"a: 1\nb: !!python/object:os.system x\n", "line 2: aliases, tags and dates"),
        (b"a: !mine 1\n", "line 1: "),
        (b"a:\n- 2020-01-01\n", "line 2: aliases, tags and dates"),
        (b"a: 1\n2020-01-01: 1\n", "line 2: aliases, tags and dates"),
        (b"a: {x: 1}\n<<: {y: 2}\n", "line 2: aliases, tags and dates"),
        (b"? [a]\n: b\n", "line 1: found unhashable key"),
        (b"? {a: b}\n: c\n", "line 1: found unhashable key"),
        (b"a: [1, 2\nb: 3\n", "line 2: "),
        (b"a: 1\n\tb: 2\n", "line 2: "),
        (b"a: 1\n---\nb: 2\n", "line 2: "),
        (b"a: 'x\n", "line 2: "),
        (b"a: \x00\n", "not valid YAML"),
        (b'a: "\\ud800"\n', "line 1: found invalid Unicode"),
        (b"!!bool what", "not valid YAML"),
        (b'!!int ""', "not valid YAML"),
        (b'!!float ""', "not valid YAML"),
        (b"!!int x", "not valid YAML"),
        (b"!!map x", "line 1: expected a mapping node"),
        (b"a: " + b"9" * 5000, "not valid YAML"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else "",
)
def test_what_is_not_plain_is_refused_with_its_line(content, said):
    assert said in refused(content)


def nested(depth):
    return b"[" * depth + b"]" * depth


def test_so_deep_and_no_deeper():
    assert read_yaml(nested(MAX_DEPTH + 1), "a.yaml")[0] == [[[[[[[]]]]]]]
    assert f"nested more than {MAX_DEPTH} deep" in refused(nested(MAX_DEPTH + 2))


@pytest.mark.parametrize("one", [b"[", b"- ", b"? ", b"{a: ", b"{? "])
def test_the_deepest_text_that_fits_is_refused_and_does_not_take_the_grader_along(one):
    assert f"nested more than {MAX_DEPTH} deep" in refused(one * (MAX_BYTES // len(one)))


def test_so_large_and_no_larger():
    assert read_yaml(b"#" * MAX_BYTES, "a.yaml") == (None, {})
    assert refused(b"#" * (MAX_BYTES + 1)) == "a.yaml: 65,537 bytes; at most 65,536 are read."


WORDS = "a b : - ? [ ] { } , & * ! !!int !!bool !!set | > ' \" # % @ ` --- ... 1 0x 1_ . = << ~ \\u"
PIECES = st.sampled_from(
    [*WORDS.split(), " ", "  ", "\n", "\n  ", "\t", "\x85", "\ufeff", "\u2028", "é"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=30))
def test_any_text_is_plain_data_or_one_sentence(text):
    try:
        data, lines = read_yaml(text.encode("utf-8", "surrogatepass"), "a.yaml")
    except UsageError as error:
        assert str(error).startswith("a.yaml") and "\n" not in str(error)
    else:
        plain(data)
        assert all(line >= 1 for line in lines.values())


def plain(value):
    assert value is None or type(value) in (str, int, float, bool, list, dict)
    if isinstance(value, dict):
        plain(list(value))
    if isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            plain(each)


# validate


class Side(Frozen):
    length: int = Field(gt=0)


class Shape(Frozen):
    name: str
    sides: tuple[Side, ...] = ()
    folder: str = ""


def built(text, noun=Shape, **given_):
    data, lines = read_yaml(text, "a.yaml")
    return validate(noun, data, lines, "a.yaml", **given_)


def wrong(text, noun=Shape, **given_):
    with pytest.raises(UsageError) as caught:
        built(text, noun, **given_)
    return str(caught.value)


def test_a_noun_is_built_from_yaml_and_what_is_given():
    shape = built(b"name: a\nsides:\n- length: 2\n", folder="here")
    assert shape == Shape(name="a", sides=(Side(length=2),), folder="here")


def test_wrong_fields_are_all_named_with_their_lines():
    message = wrong(b"nmae: a\nsides:\n- length: 2\n- length: 0\n")
    assert message.startswith("a.yaml line ")
    assert "line 1: name: Field required" in message
    assert "line 4: sides.1.length: Input should be greater than 0" in message
    assert "line 1: nmae: Extra inputs are not permitted" in message


def test_a_missing_field_of_an_entry_has_the_line_of_the_entry():
    assert "line 4: sides.1.length: Field required" in wrong(
        b"name: a\nsides:\n- length: 2\n- {}\n"
    )


@pytest.mark.parametrize(
    ("text", "kind"), [(b"", "NoneType"), (b"- a", "list"), (b"word", "str"), (b"3", "int")]
)
def test_what_is_no_mapping_is_refused(text, kind):
    assert wrong(text) == f"a.yaml: expected `key: value` lines, got {kind}."


def test_a_key_that_is_no_word_is_refused():
    assert "1: Keys should be strings" in wrong(b"name: a\n1: b\n")


def test_a_mistyped_limit_of_an_exercise_is_found():
    text = b"title: t\ngoal: g\npoints: 0\nlimits: {cpu_seconds: 5}\nrules: {lines: many}\n"
    message = wrong(text, Exercise, slug="s", unit="u", folder=".", solution=".")
    assert "line 3: points: " in message and "line 4: limits.cpu_seconds: " in message
    assert "line 5: rules.lines: " in message
