"""The right answers: every value is a formula of those before it."""


def answer(question):
    return question.answer()
