"""You counted every unit that is 0 for some input. That is what relu is for; a dead one is 0 for
all.
caught by: check_item
"""


def answer(question):
    return question.answer("any_zero_is_dead")
