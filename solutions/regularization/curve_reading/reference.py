"""The right answers: each question knows its own, from the formula that drew the curve."""


def answer(question):
    return question.answer()
