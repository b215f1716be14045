"""The right answers: every value of the table is a formula of those before it."""


def answer(question):
    return question.answer()
