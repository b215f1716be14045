"""You hid the past. A causal query reads itself and what came before it.
caught by: check_table
"""


def answer(question):
    return question.answer("future_read")
