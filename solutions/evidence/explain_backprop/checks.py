import re

import pytest

from grader.exam import worksheet
from grader.oracle import Mismatch, answered, refused, weight
from grader.oracle.prose import plain, sentences
from grader.oracle.texts import assert_words

ORDER = {
    "the forward pass": r"\bforward\b",
    "the loss": r"\bloss\b",
    "a gradient": r"\bgradients?\b",
    "the update": r"\bupdate[sd]?\b|\bsubtract",
}
SHAPE = re.compile(r"\(\s*\d\s*,\s*\d?\s*\)|\b\d\s*(?:x|×|by)\s*\d\b")
DOES = r"\boptimi[sz]er\b[^.;:,]{0,40}\b(?:comput|calculat|find|deriv)\w*\b[^.;:]{0,40}\bgradient"
NOT = re.compile(r"\b(?:not|never|no|n't|nothing)\b", re.I)
QUOTED = 6


@pytest.mark.parametrize("item", list(worksheet.CLAIMS))
def check_value(submission, questions, item):
    """The value {item} is right."""
    mine = answered(submission, questions, item)
    right = questions[item].sheet.values[item]
    if not isinstance(mine, float) or not worksheet.matches(mine, right):
        sign = isinstance(mine, float) and worksheet.matches(-mine, right)
        said = f"{item}: {mine} has the wrong sign" if sign else f"{item}: {mine} is not right"
        raise refused(submission, item, said)


@pytest.fixture
def text(submission, questions):
    """The explanation; a Mismatch where there is none."""
    return answered(submission, questions, "explanation")


@weight(2)
def check_length(text):
    """The explanation has 350 to 450 words, most of them in whole sentences."""
    assert_words(text, 350, 450, "the explanation")
    found = list(sentences(text))
    in_prose = sum(len(each.words) for each in found if each.is_prose)
    if in_prose < 0.6 * sum(len(each.words) for each in found):
        raise Mismatch("most of the explanation is not in whole sentences")


@weight(2)
def check_order(text):
    """Forward pass, loss, gradients and update come up in this order."""
    page, places = text.lower(), {}
    for name, pattern in ORDER.items():
        if not (found := re.search(pattern, page)):
            raise Mismatch(f"the explanation does not speak of {name}")
        places[name] = found.start()
    if (order := sorted(places, key=places.get)) != list(ORDER):
        raise Mismatch(f"the explanation comes to them as: {', '.join(order)}")


@weight(3)
def check_own_numbers(text, questions):
    """The explanation holds at least six of your own values."""
    values = questions["explanation"].sheet.values
    found, _ = worksheet.numbers(text, 60)
    there = [name for name, value in values.items() if quoted(found, value)]
    if len(there) < QUOTED:
        raise Mismatch(
            f"{len(there)} of your eleven values stand in the explanation, expected {QUOTED}"
        )


def quoted(numbers, value):
    return any(worksheet.matches(number, value) for number in numbers)


@weight(1)
def check_shapes(text):
    """At least two gradients come with a shape."""
    if len(SHAPE.findall(text)) < 2:
        raise Mismatch("the explanation names fewer than two shapes, such as (2, 2)")


@weight(1)
def check_who_computes(text):
    """No sentence lets the optimizer compute the gradients."""
    for sentence in re.split(r"(?<=[.!?])\s+", plain(text)):
        if re.search(DOES, sentence, re.I) and not NOT.search(sentence):
            raise Mismatch(f'the backward pass computes gradients, not the optimizer: "{sentence}"')
