"""The right answers: run each program and look at what autograd left."""


def answer(question):
    return question.answer()
