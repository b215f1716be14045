"""You took positions for the mask. They say where a token stands, and hide nothing.
caught by: check_fact
"""


def answer(question):
    return question.answer("positions_hide_future")
