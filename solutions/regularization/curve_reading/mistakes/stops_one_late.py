"""You wait one epoch too long; stop once 3 in a row have brought nothing.
caught by: check_number
"""


def answer(question):
    return question.answer("stops_one_late")
