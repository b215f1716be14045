"""You regularise a model that cannot even fit its training rows; that makes it worse.
caught by: check_next
"""


def answer(question):
    return question.answer("regularises_underfit")
