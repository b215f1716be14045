"""You made one table for all heads. Each head has its own.
caught by: check_fact
"""


def answer(question):
    return question.answer("heads_share_a_table")
