"""You read dim as the axis that stays. dim is the axis that is reduced away, or to size 1 with
keepdim.
caught by: check_item
"""


def answer(question):
    return question.answer("dim_stays")
