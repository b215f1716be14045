"""The right answers: run each program and look."""


def answer(question):
    return question.answer()
