from __future__ import annotations

from html.parser import HTMLParser

from grader.similar import Alike, Pair, Text, marked, page, ranked


def shared_letters(one, other):
    return Alike(len(one & other) / min(len(one), len(other)), ((0, 1),), ((1, 2),))


def test_only_texts_for_one_task_are_compared_and_the_most_alike_come_first():
    texts = [
        *(Text("bob", "a", "xyz"), Text("ada", "a", "xy"), Text("eve", "a", "zw")),
        Text("ada", "b", "xy"),
    ]
    prepared = []

    def prepare(text):
        prepared.append(text)
        return set(text)

    found = ranked(texts, prepare, shared_letters, 0.5)
    assert [(each.one.learner, each.other.learner, each.alike.share) for each in found] == [
        ("ada", "bob", 1.0),
        ("bob", "eve", 0.5),
    ]
    assert len(prepared) == len(texts)


def test_spans_are_marked_whatever_the_text_holds_and_may_overlap():
    text = "<b>one</b> & two"
    assert marked(text, [(0, 3), (2, 6), (11, 99)]) == (
        "<mark>&lt;b&gt;</mark><mark>one</mark>&lt;/b&gt; <mark>&amp; two</mark>"
    )
    assert marked(text, []) == "&lt;b&gt;one&lt;/b&gt; &amp; two"


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.seen = set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)


def test_the_page_shows_both_sides_and_says_that_it_decides_nothing():
    attack = "</pre><script>alert(1)</script>"
    one, other = (Text(name, "softmax", attack) for name in ("<i>ada", "bob"))
    text = page("autumn & <x>", [Pair(one, other, Alike(0.875, ((0, 6),)))])
    assert not {"script", "i", "x"} & Tags(text).seen
    assert "it decides nothing" in text and "88 % of the shorter one" in text
    assert "<mark>&lt;/pre&gt;</mark>" in text and "1 pair alike" in text
