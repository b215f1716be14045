"""The one rule for counting lines: canonical lines, and tokens as the cap against golf."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from grader.model import UsageError

WIDTH = 88
"""Characters that one line may hold before it costs two; indentation is free."""

_LAYOUT = {
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


class Line(NamedTuple):
    """One canonical line and what it costs."""

    text: str
    cost: int


class Cost(NamedTuple):
    """What a whole file costs."""

    lines: int
    tokens: int


class Unreadable(UsageError):
    """The file is not Python; the message is for the learner."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: the file is not valid Python: {problem}")
        self.line = line


@contextmanager
def _readable() -> Iterator[None]:
    """Turn everything that Python's parser and its inverse may raise into `Unreadable`."""
    try:
        yield
    except SyntaxError as error:
        raise Unreadable(max(1, error.lineno or 1), error.msg) from None
    except (RecursionError, MemoryError):
        raise Unreadable(1, "an expression is nested too deeply") from None
    except UnicodeEncodeError as error:
        line = error.object.count("\n", 0, error.start) + 1
        raise Unreadable(line, "it holds a character that no UTF-8 file can hold") from None
    except ValueError as error:
        raise Unreadable(1, str(error)) from None


def parse(source: str) -> ast.Module:
    """Return the tree; raises `Unreadable`, whatever the text is."""
    with _readable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        _refuse_other_encodings(source)
    return tree


def _refuse_other_encodings(source: str) -> None:
    """Raise SyntaxError at a coding comment: Python would run other text than was judged."""
    head = "\n".join(re.split("\r\n|\r|\n", source, maxsplit=2)[:2]).encode()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    if encoding not in ("utf-8", "utf-8-sig"):
        raise SyntaxError(f"the coding comment must say utf-8, not {encoding}")


def canonical(source: str) -> tuple[Line, ...]:
    """Return the lines as they are counted; raises `UsageError` where the file is not Python.

    Docstrings, comments, blank lines and layout are gone. Imports at the top level are free.
    """
    tree = without_docstrings(parse(source))
    with _readable():
        return tuple(
            Line(text, 0 if isinstance(statement, ast.Import | ast.ImportFrom) else _cost(text))
            for statement in tree.body
            for text in ast.unparse(statement).split("\n")
            if text.strip()
        )


def _cost(text: str) -> int:
    return -(-len(text.strip()) // WIDTH)


def cost(source: str) -> Cost:
    """Return canonical lines and tokens; raises `UsageError` where the file is not Python."""
    lines = sum(line.cost for line in canonical(source))
    tree = without_docstrings(parse(source))
    with _readable():
        text = ast.unparse(_WithoutFormats().visit(tree))
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return Cost(lines, sum(token.type not in _LAYOUT for token in tokens))


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Remove the docstring of every module, class and function, in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(ast.Constant(str())), *rest]:
                    node.body = rest if rest or isinstance(node, ast.Module) else [ast.Pass()]
    return tree


class _WithoutFormats(ast.NodeTransformer):
    """Turn f-strings into tuples: one is a single token in Python 3.11 and many in 3.12."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Tuple:
        return ast.Tuple([self.visit(part) for part in node.values], ast.Load())

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        parts = [self.visit(part) for part in (node.value, node.format_spec) if part]
        return ast.Tuple(parts, ast.Load()) if node.format_spec else parts[0]
