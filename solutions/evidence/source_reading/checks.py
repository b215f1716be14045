import pytest

from grader.oracle import answered, refused


@pytest.mark.parametrize("item", [f"q{n:02}" for n in range(1, 13)])
def check_item(submission, questions, item):
    """Answer {item} is what the source says."""
    mine = answered(submission, questions, item)
    if not questions[item].agrees(mine):
        submission[item]  # read last: known mistakes are compared at this item
        step = "look into the source of this version, and follow it to where the number is used"
        raise refused(submission, item, f"{item}: {mine} is not what the source says", step)
