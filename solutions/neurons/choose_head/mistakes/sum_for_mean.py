"""You summed the errors. The mean divides by how many there are.
caught by: check_item
"""


def answer(question):
    return question.answer("sum_for_mean")
