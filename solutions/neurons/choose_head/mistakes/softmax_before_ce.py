"""You put softmax before the cross-entropy. It takes raw outputs: softmax is inside it already.
caught by: check_item
"""


def answer(question):
    return question.answer("softmax_before_ce")
