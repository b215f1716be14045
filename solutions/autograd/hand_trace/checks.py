import pytest

from grader.oracle import Mismatch

ITEMS = (
    "a_y a_x b_pred b_L b_w b_x c_b c_a c_x c_y d_L d_u d_v d_w e_first e_second e_third "
    "f_w f_x g_shape g_b g_s h_order1 h_order2"
).split()


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question = questions[item]
    try:
        mine = question.read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, str(problem)) from None
    if mine is None:
        raise refused(submission, item, "left blank")
    if not question.agrees(mine):
        error = refused(submission, item, f"{question.asks}: {mine} is not right")
        error.next_step = "write the local derivative beside each arrow, and go back once more"
        raise error


def refused(submission, item, message):
    error = Mismatch(message)
    error.line = submission.line(item)
    return error
