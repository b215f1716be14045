import pytest

from grader.oracle import answered, refused

ITEMS = [f"q{i:02}" for i in range(1, 25)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item}: shape, dtype and shares_memory are right."""
    question, mine = questions[item], answered(submission, questions, item)
    wrong = [name for name in mine if not agrees(name, mine, question.answer())]
    if wrong:
        message = f"`{question.expression}`: wrong {' and '.join(wrong)}"
        step = "try three similar ones in Python, then predict this one again"
        raise refused(submission, item, message, step)


def agrees(name, mine, right):
    """Whether one field is right. Where the expression raises, `error` says all there is to say."""
    if right["shape"] == "error" and name != "shape":
        return True
    # Nothing was there to be shared: then `no` is true as well.
    return mine[name] == right[name] or (right[name] == "na" and mine[name] is False)
