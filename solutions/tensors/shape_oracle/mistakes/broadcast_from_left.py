"""You lined the shapes up from the left. Broadcasting lines them up from the right, and puts
the missing 1s in front.
caught by: check_item
"""


def answer(question):
    return question.answer("broadcast_from_left")
