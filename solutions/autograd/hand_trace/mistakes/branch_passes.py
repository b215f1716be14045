"""You let a gradient through a branch that was not taken. relu of a negative number and the smaller
side of a maximum hand back 0.
caught by: check_item
"""


def answer(question):
    return question.answer("branch_passes")
