"""The right answers: build each module, call it, and count."""


def answer(question):
    return question.answer()
