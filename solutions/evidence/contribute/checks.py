import re
from datetime import UTC, date, datetime

from grader.oracle import answered, refused
from grader.oracle.prose import sentences
from grader.oracle.texts import count_words

KINDS = ("docs", "example", "notebook", "post", "issue", "fix")
LINK = re.compile(r"https://[\w-]+(\.[\w-]+)+(:\d+)?/\S+")


def check_link(submission, questions):
    """The link is an address with a host and a path."""
    link = answered(submission, questions, "link")
    if not LINK.fullmatch(link):
        raise refused(submission, "link", f"{link[:80]} is no address such as https://host/path")


def check_kind(submission, questions):
    """The kind is one of the six."""
    kind = answered(submission, questions, "kind")
    if kind not in KINDS:
        raise refused(submission, "kind", f"{kind[:40]} is none of {', '.join(KINDS)}")


def check_date(submission, questions):
    """The date is a day that has been."""
    text = answered(submission, questions, "date")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise refused(submission, "date", f"{text[:40]} is no day such as 2026-11-02") from None
    if day > datetime.now(UTC).date():
        raise refused(submission, "date", f"{text} is still to come")


def check_learned(submission, questions):
    """What you learned has 50 to 100 words, most of them in whole sentences."""
    text = answered(submission, questions, "learned")
    if not 50 <= count_words(text) <= 100:
        raise refused(submission, "learned", f"{count_words(text)} words, expected 50 to 100")
    found = list(sentences(text))
    in_prose = sum(len(each.words) for each in found if each.is_prose)
    if in_prose < 0.6 * sum(len(each.words) for each in found):
        raise refused(submission, "learned", "most of it is not in whole sentences")
