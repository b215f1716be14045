"""You left the table as it was. When two tokens change places, their rows and columns do too;
there is nothing in attention that knows the old order.
caught by: check_table
"""


def answer(question):
    return question.answer("order_taken_for_known")
