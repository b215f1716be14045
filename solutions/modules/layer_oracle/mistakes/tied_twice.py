"""You counted the tied table twice. The head uses the token table itself, so its numbers exist
once.
caught by: check_item
"""


def answer(question):
    return question.answer("tied_twice")
