"""You moved the causal rows along with the tokens. The mask stays: the token that now comes
first reads only itself.
caught by: check_table
"""


def answer(question):
    return question.answer("mask_moves_along")
