"""You summed over the two examples. The loss is a mean, so each has half a say.
caught by: check_item
"""


def answer(question):
    return question.answer("sum_for_mean")
