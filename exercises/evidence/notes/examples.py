import pytest

from grader.oracle.texts import assert_words

TEXTS = {
    "loop.md": (80, 150),
    "attention.md": (40, 200),
    "sequence.md": (60, 200),
    "shapes.md": (15, 200),
    "interview.md": (80, 400),
    "log.md": (60, 800),
}


@pytest.mark.parametrize("name", list(TEXTS))
def check_length(submission, name):
    """{name} is as long as it should be."""
    assert_words(submission.text(name), *TEXTS[name], name)
