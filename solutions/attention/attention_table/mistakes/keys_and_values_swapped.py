"""You exchanged K and V. Keys are compared with queries, values are averaged.
caught by: check_table
"""


def answer(question):
    return question.answer("keys_and_values_swapped")
