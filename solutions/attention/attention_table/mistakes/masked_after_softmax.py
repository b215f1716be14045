"""You cut the future away after softmax, so the rows no longer sum to 1. Hidden scores are -inf
before softmax.
caught by: check_table
"""


def answer(question):
    return question.answer("masked_after_softmax")
