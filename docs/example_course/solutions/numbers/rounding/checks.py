import pytest
import torch

from grader.oracle import answered, refused

ITEMS = [f"q{i:02}" for i in range(1, 13)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item}: that is what float32 leaves of the sum."""
    mine, question = answered(submission, questions, item), questions[item]
    if mine != left(question):
        step = "write down the gap, then the two multiples of it beside the sum"
        raise refused(submission, item, f"`{question}` is not {mine}", step)


def left(question):
    """By torch itself, so that the reference's reasoning is checked too."""
    x = first = torch.tensor(2.0**question.power)
    for term in question.terms:
        x = x + term
    return int(x - first)
