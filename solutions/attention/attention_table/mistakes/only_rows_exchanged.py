"""You exchanged the rows only. The tokens are also keys, so the columns change places as well.
caught by: check_table
"""


def answer(question):
    return question.answer("only_rows_exchanged")
