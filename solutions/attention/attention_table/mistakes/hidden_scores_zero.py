"""You set hidden scores to 0, but exp(0) is 1. They are -inf, so that exp gives 0.
caught by: check_table
"""


def answer(question):
    return question.answer("hidden_scores_zero")
