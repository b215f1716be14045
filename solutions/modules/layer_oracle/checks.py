import pytest

from grader.oracle import answered, refused

ITEMS = [f"q{i:02}" for i in range(1, 21)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item}: shape and count are right."""
    question, mine = questions[item], answered(submission, questions, item)
    right = question.answer()
    wrong = [name for name in mine if mine[name] != right[name]]
    if wrong:
        message = f"`{question.code}`: wrong {' and '.join(wrong)}"
        step = "list its tensors with their shapes, on paper, then add up again"
        raise refused(submission, item, message, step)
