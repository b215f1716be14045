import pytest

from grader.oracle import answered, refused

ITEMS = [f"q{i:02}" for i in range(1, 26)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question, mine = questions[item], answered(submission, questions, item)
    if not question.agrees(mine):
        shown = submission[item]
        step = "write the rule with your numbers in it, one step at a time"
        raise refused(submission, item, f"{item}: {shown} is not right", step)
