"""You did not divide the gap by sqrt(d).
caught by: check_fact
"""


def answer(question):
    return question.answer("scaling_left_out")
