import pytest

from grader.oracle import answered, refused

ITEMS = (
    "a_y a_x b_pred b_L b_w b_x c_b c_a c_x c_y d_L d_u d_v d_w e_first e_second e_third "
    "f_w f_x g_shape g_b g_s h_order1 h_order2"
).split()


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question, mine = questions[item], answered(submission, questions, item)
    if not question.agrees(mine):
        step = "write the local derivative beside each arrow, and go back once more"
        raise refused(submission, item, f"{question.asks}: {mine} is not right", step)
