"""You divided the scores by d. It is the square root of d that keeps their variance near 1.
caught by: check_table
"""


def answer(question):
    return question.answer("divided_by_d")
