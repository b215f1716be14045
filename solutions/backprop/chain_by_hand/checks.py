from contextlib import suppress

import numpy as np
import pytest

from grader.oracle import Mismatch, answered, refused

A = "z1 h z2 loss dz2 dW2 db2 dh dz1 dW1 db1 W1_new b1_new W2_new b2_new loss_after".split()
B = "z p loss dz dW dh".split()
ITEMS = [f"a_{name}" for name in A] + [f"b_{name}" for name in B]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    mine = answer(submission, questions, item)
    if not questions[item].agrees(mine):
        after = questions[item].follows(mine, earlier(submission, questions, item))
        submission[item]  # read last: known mistakes are compared at this item
        raise refused(
            submission,
            item,
            f"{item}: {mine.tolist()} is not right",
            "it follows from what you wrote before: repair that first" if after else "",
        )


@pytest.mark.parametrize("item", ITEMS)
def check_step(submission, questions, item):
    """Item {item} is right, or follows from your own answers before it."""
    before = earlier(submission, questions, item)
    mine = answer(submission, questions, item)
    if not questions[item].agrees(mine) and not questions[item].follows(mine, before):
        step = "write the formula with its shapes, and work this one step out again"
        raise refused(submission, item, f"{item}: {mine.tolist()} does not follow", step)


def answer(submission, questions, item):
    """What stands at an item, of the shape asked for."""
    mine = answered(submission, questions, item)
    shape, asked = np.shape(mine), np.shape(questions[item].right)
    if shape != asked:
        message = f"{item}: shape {list(shape)}, expected {list(asked)}"
        raise refused(submission, item, message, "a gradient has the shape of what it belongs to")
    return mine


def earlier(submission, questions, item):
    """The learner's own legal answers before an item."""
    own = {}
    for name in questions[item].earlier:
        with suppress(Mismatch):
            own[name] = answered(submission, questions, name)
    return own
