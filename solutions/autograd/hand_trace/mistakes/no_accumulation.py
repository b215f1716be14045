"""You kept only what came last to a node that is used twice. Its gradient is the sum of all that
arrives.
caught by: check_item
"""


def answer(question):
    return question.answer("no_accumulation")
