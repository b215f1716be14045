"""You subtracted the wrong way round; the gap is validation minus training.
caught by: check_number
"""


def answer(question):
    return question.answer("gap_turned_round")
