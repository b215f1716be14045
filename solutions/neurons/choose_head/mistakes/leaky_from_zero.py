"""You let leaky_relu end at 0. Its left arm falls for ever, though slowly.
caught by: check_item
"""


def answer(question):
    return question.answer("leaky_from_zero")
