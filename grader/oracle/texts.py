"""Written work as its form goes: front matter, headings, length, numbers, code; never its sense."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from typing import Any

import yaml

from grader.oracle.values import Mismatch

LONGEST = 1 << 16
"""Characters of a text whose words are counted."""
FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n", re.S | re.M)
FENCE = re.compile(r"^```[ \t]*(\w*)[^\n]*\n(.*?)(?:^```[ \t]*$|\Z)", re.S | re.M)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
TABLE = re.compile(r"^[ \t]*\|.*$", re.M)
HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*$", re.M)
NUMBER = re.compile(
    r"(?<![\w.])[-−]?\d[\d,]{0,20}(?:\.\d{1,40})?(?:e[-+]?\d{1,3})?(?![\w])(\s?%)?", re.I
)
ITEM = re.compile(r"^(?:\d+[.)]|[-*])[ \t]+(.+(?:\n(?![ \t]*\n|\d+[.)]|[-*][ \t]|#).*)*)", re.M)


@dataclass(frozen=True)
class Page:
    """A file of Markdown."""

    name: str
    front: dict[str, Any]
    body: str

    @property
    def sections(self) -> dict[str, str]:
        """What stands under each heading of level two; comments are left out."""
        parts = HEADING.split(COMMENT.sub("", self.body))
        return {parts[n]: parts[n + 1].strip() for n in range(1, len(parts) - 1, 2)}

    def section(self, heading: str) -> str:
        """One section. Raises: Mismatch where it is not there, or says nothing."""
        text = self.sections.get(heading)
        if text is None:
            raise Mismatch(f"{self.name} has no section `## {heading}`")
        if not (count_words(text) or fences(text) or tables(text)):
            raise Mismatch(f"{self.name}: nothing stands under `## {heading}`")
        return text

    def field(self, name: str) -> Any:
        """A field of the front matter. Raises: Mismatch where it is missing or empty."""
        value = self.front.get(name)
        if value in (None, "", []):
            raise Mismatch(f"{self.name}: `{name}` is missing in the lines between --- and ---")
        return value


def page_of(submission: Any, name: str) -> Page:
    """A file of a folder as a page. Raises: Mismatch where its front matter is none."""
    text = submission.text(name).replace("\r\n", "\n")
    found = FRONT.match(text)
    front: Any = {}
    if found:
        try:
            if any(isinstance(each, yaml.AliasEvent) for each in yaml.parse(found[1])):
                raise ValueError("an alias may stand for more than anybody could read")
            front = yaml.safe_load(found[1]) or {}
        except (yaml.YAMLError, ValueError, RecursionError):
            raise Mismatch(f"{name}: the lines between --- and --- are not `key: value`") from None
        if not isinstance(front, dict):
            raise Mismatch(f"{name}: the lines between --- and --- are not `key: value`")
    return Page(name, front, text[found.end() :] if found else text)


def assert_sections(page: Page, headings: list[str]) -> None:
    """Raise a Mismatch unless every heading is there, in this order, and something under it."""
    for heading in headings:
        page.section(heading)
    if (found := [each for each in page.sections if each in headings]) != headings:
        raise Mismatch(f"{page.name}: the sections stand as {found}, expected {headings}")


def count_words(text: str) -> int:
    """Words outside of code, tables and comments."""
    for form in (COMMENT, FENCE, TABLE):
        text = form.sub(" ", text)
    return len(re.findall(r"\w+", text))


def assert_words(text: str, least: int, most: int, what: str) -> None:
    """Raise a Mismatch unless the text is so long."""
    if len(text) > LONGEST:
        raise Mismatch(f"{what} is longer than {LONGEST >> 10} KiB, code and tables included")
    count = count_words(text)
    if not least <= count <= most:
        raise Mismatch(f"{what} has {count} words, expected {least} to {most}")


def fences(text: str) -> list[tuple[str, str]]:
    """(language, code) of every block of code."""
    return FENCE.findall(text)


def items(text: str) -> list[str]:
    """The items of its lists, numbered or not."""
    return [" ".join(each.split()) for each in ITEM.findall(FENCE.sub("", text))]


def tables(text: str) -> list[list[str]]:
    """The rows of its tables below their heads: stripped cells."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in _lines(text)]
    cut = [n for n, row in enumerate(rows) if all(re.fullmatch(r":?-+:?", each) for each in row)]
    heads = {n - 1 for n in cut} | set(cut)
    return [row for n, row in enumerate(rows) if n not in heads]


def _lines(text: str) -> list[str]:
    return TABLE.findall(FENCE.sub("", text))


def assert_code(text: str, what: str) -> None:
    """Raise a Mismatch where a block of Python or of shell commands cannot be read as such."""
    for language, code in fences(text):
        try:
            if language in ("python", "py"):
                ast.parse(code)
            elif language in ("bash", "sh", "shell", "console"):
                for line in code.replace("\\\n", " ").splitlines():
                    shlex.split(line, comments=True)
        except (SyntaxError, ValueError) as error:
            raise Mismatch(f"{what}: a block of {language} cannot be read: {error}") from None


def quotes(text: str, value: float) -> bool:
    """Whether a number in the text is this one, rounded as it is written; at least two digits.

    0.9722 is quoted by 0.972, 0.97 and 97.2 %, and not by 0.98 or 1; a whole number by itself.
    """
    for found in NUMBER.finditer(text.replace("−", "-")):
        written = found[0].rstrip(" %").replace(",", "")
        number, mantissa = float(written), written.lower().split("e")[0]
        digits = len(re.sub(r"^[-0.]+", "", mantissa).replace(".", ""))
        step = 10.0 ** (-len(mantissa.partition(".")[2]) + _exponent(written))
        if found[1]:
            number, step = number / 100, step / 100
        exact = number == value and value == int(value)
        if exact or (digits >= 2 and abs(number - value) <= 0.5001 * step):
            return True
    return False


def _exponent(written: str) -> int:
    return int(written.lower().partition("e")[2] or 0)


def assert_quotes(text: str, value: float, what: str, name: str) -> None:
    """Raise a Mismatch unless the text holds the number that the run has."""
    if not quotes(text, value):
        raise Mismatch(f"{what} does not give {name} as the run has it, {value:.4g}")
