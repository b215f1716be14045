"""The one rule for counting lines."""

from __future__ import annotations

import pytest

from grader.model import Rules, UsageError
from grader.rules import Cost, Line, canonical, cost, judge

WIDE = "x = " + " + ".join(["abcdefgh"] * 20)
"""4 + 20 * 8 + 19 * 3 = 221 characters."""

LINES = [
    ("", 0, "an empty file"),
    ("# only words\n\n\n", 0, "comments and blank lines"),
    ("a = 1; b = 2; c = 3", 3, "semicolons"),
    ("if a: b = 1", 2, "a one-line if"),
    ("if a: b = 1\nelse: b = 2", 4, "a one-line else"),
    ("for i in a: b = i; c = i", 3, "a one-line loop with two statements"),
    (WIDE, 3, "a giant expression"),
    ("if a:\n if b:\n  if c:\n   " + "x" * 88, 4, "indentation is free"),
    ("x" * 88, 1, "a line of 88"),
    ("x" * 89, 2, "a line of 89"),
    ("a, b = x, y", 1, "two assignments in a tuple"),
    ("f = lambda x: lambda y: lambda z: (x, y, z)", 1, "nested lambdas"),
    ("f = lambda x: (\n    lambda y: (\n        x\n    )\n)", 1, "a lambda over many lines"),
    ("x = 1 + \\\n  2 + \\\n  3", 1, "backslash continuation"),
    ("x = [\n 1,\n 2,\n]", 1, "a wrapped list"),
    ("@property\ndef f(self): return 1", 3, "a decorator"),
    ("@a\n@b\nclass C: pass", 4, "two decorators"),
    ("x = [[[i for i in j] for j in k] for k in y]", 1, "a deep comprehension"),
    ("match x:\n case 1: y = 1\n case _: y = 2", 5, "a match statement"),
    ("class A: x = 1; y = 2", 3, "a one-line class body"),
    ("class A: pass", 2, "an empty class"),
    ("def f(): return 1", 2, "a one-line function"),
    ("import torch\nfrom torch import nn", 0, "imports"),
    ("import torch; x = 1", 1, "an import before a semicolon"),
    ("def f():\n import torch\n return torch", 3, "a nested import"),
    ("if 1:\n import torch", 2, "an import under an if"),
    ("try: import torch\nexcept ImportError: pass", 4, "an import in a try"),
    ("from torch import (" + ", ".join(f"name{i}" for i in range(90)) + ")", 0, "a long import"),
    ('"""Words\nover lines."""', 0, "a module docstring"),
    ('def f():\n """Words."""\n return 1', 2, "a function docstring"),
    ('def f():\n """Words."""', 2, "a function that is only a docstring"),
    ('class A:\n """Words."""', 2, "a class that is only a docstring"),
    ('async def f():\n """Words."""\n return 1', 2, "an async docstring"),
    ("'''one'''\n'''two'''\n'''three'''", 2, "more strings after the docstring"),
    ("def f():\n 'one'\n 'two'\n return 1", 3, "a second string in a function"),
    ("x = 1\n'''late'''", 2, "a string that is no docstring"),
    ("def f():\n b'bytes'\n return 1", 3, "bytes are no docstring"),
    ("def f():\n f'{x}'\n return 1", 3, "an f-string is no docstring"),
    ("x = '''a\n\n\nb'''", 1, "line breaks in a text"),
    ("with a as b, c as d: pass", 2, "a with statement"),
    ("try: a\nexcept B: c\nelse: d\nfinally: e", 8, "a try statement"),
]


@pytest.mark.parametrize(
    ("source", "lines"), [each[:2] for each in LINES], ids=[each[2] for each in LINES]
)
def test_lines_are_counted_as_python_would_lay_them_out(source: str, lines: int) -> None:
    assert cost(source).lines == lines
    assert sum(line.cost for line in canonical(source)) == lines


def test_the_layout_of_the_file_changes_nothing() -> None:
    tidy = "import math\n\n\ndef f(x):\n    y = x + 1\n    return math.exp(y)\n"
    golfed = "import math\ndef f(x): y=x+1;return(math.exp(y)) # golf"
    assert canonical(tidy) == canonical(golfed)
    assert cost(tidy) == cost(golfed)


def test_each_line_is_shown_with_its_cost() -> None:
    assert canonical(f"import torch\ndef f():\n    'Words.'\n    {WIDE}") == (
        Line("import torch", 0),
        Line("def f():", 1),
        Line(f"    {WIDE}", 3),
    )


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ("x = y + 1  # words", 5),
        ("import torch", 2),
        ("def f(x):\n    '''Words.'''\n    return x", 8),
        ("x = 'one' 'two'", 3),
        ("x = 1; y = 2", 6),
    ],
)
def test_tokens_leave_out_layout_comments_and_docstrings(source: str, tokens: int) -> None:
    assert cost(source).tokens == tokens


def test_code_in_an_f_string_counts_like_code() -> None:
    plain = cost("x = (a + b, c * d, e)").tokens
    assert cost("x = f'{a + b}{c * d}{e}'") == Cost(lines=1, tokens=plain)
    assert cost("x = f'{a:.{b + c}f}'").tokens > cost("x = f'{a}'").tokens + 3


@pytest.mark.parametrize("source", ["def f(:", "x = 1\0", "x = 0x" + "f" * 5000])
def test_a_file_that_is_not_python_is_a_usage_error(source: str) -> None:
    with pytest.raises(UsageError, match="line 1: the file is not valid Python"):
        canonical(source)
    with pytest.raises(UsageError):
        cost(source)


def test_too_many_lines_and_tokens_say_how_many_and_how_to_see_them() -> None:
    violations = judge("a = 1\nb = 2\nc = 3", Rules(lines=2, tokens=8))
    assert [each.name for each in violations] == ["lines", "tokens"]
    assert violations[0].why == (
        "the file counts 3 lines and at most 2 are allowed: "
        "run `grade lines FILE` to see what each line costs"
    )
    assert "9 tokens and at most 8" in violations[1].why


def test_the_limit_itself_is_allowed_and_without_one_nothing_is_counted() -> None:
    source = "a = 1\nb = 2\nc = 3"
    assert judge(source, Rules(lines=3, tokens=9)) == ()
    assert judge(source + "\n" * 500 + "x = 1\n" * 500, Rules()) == ()


@pytest.mark.parametrize("text", ["'" + "x" * 81 + "'", "b'" + "x" * 81 + "'", "'a' " * 81])
def test_long_texts_are_refused_only_where_lines_are_counted(text: str) -> None:
    source = f"a = 1\nb = {text}"
    assert [(each.line, each.name) for each in judge(source, Rules(lines=9))] == [(2, "long text")]
    assert judge(source, Rules()) == ()
    assert judge(source.replace("x" * 81, "x" * 80).replace("'a' " * 81, "1"), Rules(lines=9)) == ()


def test_a_long_docstring_is_no_long_text() -> None:
    assert judge(f"'''{'x' * 500}'''\ndef f():\n    '''{'y' * 500}'''", Rules(lines=9)) == ()
