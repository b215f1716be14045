"""You took softmax down the columns. Each query shares its attention out over the keys, so
the rows sum to 1.
caught by: check_table
"""


def answer(question):
    return question.answer("normalised_over_queries")
