"""You scaled although this time nobody does.
caught by: check_fact
"""


def answer(question):
    return question.answer("scaling_kept")
