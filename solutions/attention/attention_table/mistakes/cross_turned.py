"""You turned the table. Rows are the positions that ask, columns those that are read.
caught by: check_fact
"""


def answer(question):
    return question.answer("cross_turned")
