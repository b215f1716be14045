"""You put the keys in the rows. Row i belongs to query i, so raw = Q K^T.
caught by: check_table
"""


def answer(question):
    return question.answer("queries_and_keys_swapped")
