"""You handed dh on as dz1. Where z1 is negative relu passed nothing on, so nothing comes back.
caught by: check_item
"""


def answer(question):
    return question.answer("mask_forgotten")
