"""A text as its reader sees it: its characters, sentences and words, and how like another it is."""

from __future__ import annotations

import codecs
import re
import unicodedata
import zlib
from collections.abc import Iterator, Set
from dataclasses import dataclass

MAX_BYTES = 1 << 17
"""Forty times an essay of 480 words; what stands behind is not read."""
LONGEST = 60
"""Words; a longer sentence is taken in pieces, so that a text without full stops is not one."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
COMMENT = re.compile(r"<!--.*?-->|<!--.*$", re.M)
SIGNS = str.maketrans(dict.fromkeys("−–‒﹣－", "-") | dict.fromkeys("×⋅∙", "·") | {"⁄": "/"})
FORMS = (  # of markup and of formulas, to the letters that a reader sees
    (re.compile(r"</?[a-z][^<>\n]{0,80}>", re.I), " "),
    (re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\n]{0,200}\)"), r"\1"),
    (re.compile(r"\\partial\b\s*|∂\s*"), "d"),
    (re.compile(r"\\(?:wide)?hat\s*\{?\s*y\s*\}?|ŷ|\by[\s_-]?hat\b", re.I), "yhat"),
    (re.compile(r"(?<=[A-Za-z])[_^]\{\s*[(\[]?\s*(\w{1,6})\s*[)\]]?\s*\}"), r"\1"),
    (re.compile(r"(?<=[A-Za-z])[_^][(\[](\w{1,6})[)\]]|(?<=[A-Za-z])[_^]+(?=\w)"), r"\1"),
    (re.compile(r"\b([A-Za-z]{1,3})[(\[](\d)[)\]]"), r"\1\2"),
    (re.compile(r"\\frac\s*\{([^{}]{0,60})\}\s*\{([^{}]{0,60})\}"), r"\1/\2"),
    (re.compile(r"\\nabla\b|∇"), " gradient "),
    (re.compile(r"\\(?:times|cdot)\b|(?<=[\w)]) \* (?=[-\w(])|(?<=[\d)])\*(?=[-\d(])"), " · "),
    (re.compile(r"\\(?:text|mathrm|mathbf|operatorname|left|right|bf|rm|quad)\b"), " "),
    (re.compile(r"\\([A-Za-z]+)"), r" \1 "),
    (re.compile(r"\*\*|__|[`$~{}\\]"), ""),
    (re.compile(r"[*|#>^_]+"), " "),
    (re.compile(r"\s+"), " "),
)
BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+•#>|]|\d{1,2}[.)])\s)|(?<=\n)```.*\n|^\s*#.*\n", re.M)
STOP = re.compile(r"(?<=[.!?])[\"')\]]?\s+")
SHORT_FORMS = re.compile(r"\b(e\.g|i\.e|vs|eq|approx|resp|cf|fig|w\.r\.t|etc|no)\.", re.I)
WORD = re.compile(r"[^\W\d_][\w'’-]*\w|[aI]\b")
SMALL_WORDS = frozenset(
    "the a an of to in is are and for by with so that this it its be as we which from on at then "
    "because each if than into will must same not i you they them their our my was were has have "
    "had do does but or no only when where while since after before between through back up down "
    "out over these those there here what how can could would should may also both one every any "
    "all just still again until about more most other plus minus times per first second next "
    "equals gives get gets let becomes means needs uses takes goes keeps makes sets adds subtracts "
    "subtract multiply multiplies now thus hence therefore".split()
)
"""Function words, and the plain verbs of an explanation: what a list of key words lacks."""


@dataclass(frozen=True)
class Sentence:
    """One sentence, or a line of a list, without markup."""

    text: str

    @property
    def words(self) -> list[str]:
        return words(self.text)

    @property
    def is_prose(self) -> bool:
        """At least 5 words, 18 % of them small ones, and half of them different.

        A list of key words has hardly any small ones, and one that repeats them few different ones.
        """
        found = self.words
        if len(found) < 5:
            return False
        small = sum(word in SMALL_WORDS for word in found)
        return small >= 0.18 * len(found) and len(set(found)) >= 0.5 * len(found)


def read(content: bytes) -> str:
    """The text of a file, whatever it holds: UTF-8, UTF-16 or UTF-32, else Windows-1252.

    Comments of Markdown within one line are left out.
    """
    content = content[:MAX_BYTES]
    codec = next((codec for mark, codec in BOMS if content.startswith(mark)), "")
    if not codec and 3 * content.count(0) > len(content):
        codec = "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
    if not codec:
        codec = "utf-8" if _is_utf8(content) else "cp1252"
    text = content.decode(codec, "replace").removeprefix("\ufeff")
    text = unicodedata.normalize("NFC", re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text))
    return COMMENT.sub("", text)


def _is_utf8(content: bytes) -> bool:
    try:  # a character may be cut at the end
        codecs.getincrementaldecoder("utf-8")().decode(content, final=False)
    except UnicodeDecodeError:
        return False
    return True


def plain(text: str) -> str:
    r"""Without markup: `**W1**`, `$W_1$` and `W^{(1)}` are W1, `\hat{y}` is yhat, `∂L` is dL."""
    text = unicodedata.normalize("NFKC", text).translate(SIGNS)
    for form, letters in FORMS:
        text = form.sub(letters, text)
    return text.strip()


def words(text: str) -> list[str]:
    """The words of a plain text, in small letters; names such as W1 count, numbers do not."""
    return [match.lower() for match in WORD.findall(text)]


def length(text: str) -> int:
    """How many words a person would count: what stands between spaces and has a letter or digit."""
    return sum(any(map(str.isalnum, piece)) for piece in text.split())


def sentences(text: str) -> Iterator[Sentence]:
    """In order, each once: a sentence that stands twice says nothing the second time."""
    seen: set[tuple[str, ...]] = set()
    for block in BLOCK.split(text):
        line = SHORT_FORMS.sub(r"\1", plain(" ".join((block or "").split())))
        for piece in STOP.split(line):
            for part in _pieces(piece):
                key = tuple(part.lower().split())
                if key and key not in seen:
                    seen.add(key)
                    yield Sentence(part)


def _pieces(text: str) -> Iterator[str]:
    found = text.split()
    for start in range(0, len(found), LONGEST):
        yield " ".join(found[start : start + LONGEST])


def shingles(text: str) -> set[tuple[str, ...]]:
    """Every five words in a row of a plain text, numbers left out."""
    found = words(text)
    return {tuple(found[i : i + 5]) for i in range(len(found) - 4)}


def overlap(text: str, known: Set[tuple[str, ...]]) -> float:
    """The share of a text's fives of words that are known."""
    ours = shingles(text)
    return len(ours & known) / len(ours) if ours else 0.0


def likeness(a: str, b: str) -> float:
    """How much of the shorter of two texts stands in the other, from 0 to 1; numbers left out.

    Two people who know the same thing stay far below 0.4; above that, a person should look.
    """
    one, two = shingles(plain(a)), shingles(plain(b))
    return len(one & two) / min(len(one), len(two)) if one and two else 0.0


def packed(text: str) -> float:
    """The size of a text when compressed, as a share: prose stays above 0.35, repetition below."""
    content = text.encode()
    return len(zlib.compress(content)) / len(content) if content else 1.0
