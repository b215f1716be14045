"""You multiplied by the transposed matrix. Here tokens are rows, and Q = X W_Q as it stands.
caught by: check_table
"""


def answer(question):
    return question.answer("projections_transposed")
