from contextlib import suppress

import numpy as np
import pytest

from grader.oracle import Mismatch, answered, refused, weight

TABLES = [f"a_{name}" for name in "Q K V raw scaled weights out causal_weights causal_out".split()]
TABLES += [f"b_{name}" for name in "weights out causal_weights causal_out".split()]
COUNTS = {"c": 7, "d": 8, "e": 6, "f": 5}
FACTS = [f"{group}{i}" for group, count in COUNTS.items() for i in range(1, count + 1)]
NEXT = {
    "c": "write the four axes one by one: batch, heads, positions that ask, what comes last",
    "d": "ask what would go wrong without this piece",
    "e": "what is compared with what, and what is handed over?",
    "f": "d terms of variance 1 make variance d; a factor c in front makes c squared",
}


@weight(2)
@pytest.mark.parametrize("item", TABLES)
def check_table(submission, questions, item):
    """Table {item} is right."""
    mine = table(submission, questions, item)
    if not questions[item].agrees(mine):
        after = questions[item].follows(mine, earlier(submission, questions, item))
        submission[item]  # read last: known mistakes are compared at this item
        raise refused(
            submission,
            item,
            f"{item}: {mine.tolist()} is not right",
            "it follows from what you wrote before: repair that first" if after else "",
        )


@weight(2)
@pytest.mark.parametrize("item", TABLES)
def check_step(submission, questions, item):
    """Table {item} is right, or follows from your own tables before it."""
    before = earlier(submission, questions, item)
    mine = table(submission, questions, item)
    if not questions[item].agrees(mine) and not questions[item].follows(mine, before):
        step = "write the formula with its shapes, and work this one step out again"
        raise refused(submission, item, f"{item}: {mine.tolist()} does not follow", step)


@weight(2)
@pytest.mark.parametrize("item", ["a_causal_weights", "b_causal_weights"])
def check_causal_rows(submission, questions, item):
    """Each row of {item} is the beginning of the plain row, enlarged to sum to 1 again."""
    plain = table(submission, questions, item.replace("causal_", ""))
    mine = table(submission, questions, item)
    begun = np.tril(plain)
    with np.errstate(all="ignore"):
        expected = begun / begun.sum(1, keepdims=True)
    for i, (row, wanted) in enumerate(zip(mine, expected, strict=True)):
        if not np.allclose(row, wanted, rtol=0.01, atol=0.005):
            message = f"{item}: row {i} is {row.tolist()}, and does not fit your plain weights"
            step = "later keys get 0, and what is left is divided by its sum"
            raise refused(submission, item, message, step)


@pytest.mark.parametrize("item", FACTS)
def check_fact(submission, questions, item):
    """Item {item} is right."""
    question, mine = questions[item], answered(submission, questions, item)
    if not question.agrees(mine):
        raise refused(submission, item, f"{question.shows}? Not {mine}", NEXT[item[0]])


def table(submission, questions, item):
    """What stands at an item, of the shape asked for."""
    mine = answered(submission, questions, item)
    shape, asked = np.shape(mine), np.shape(questions[item].right)
    if shape != asked:
        message = f"{item}: shape {list(shape)}, expected {list(asked)}"
        raise refused(submission, item, message, "one row for each token that asks")
    return mine


def earlier(submission, questions, item):
    """The learner's own legal tables before an item."""
    own = {}
    for name in questions[item].earlier:
        with suppress(Mismatch):
            own[name] = answered(submission, questions, name)
    return own
