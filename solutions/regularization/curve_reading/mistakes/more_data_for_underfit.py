"""You want more data for a model that cannot fit what it has; it needs to be bigger.
caught by: check_next
"""


def answer(question):
    return question.answer("more_data_for_underfit")
