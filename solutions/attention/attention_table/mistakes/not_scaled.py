"""You did not divide the scores by sqrt(d).
caught by: check_table
"""


def answer(question):
    return question.answer("not_scaled")
