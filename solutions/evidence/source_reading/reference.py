"""The right answers: what the source of the installed version says."""


def answer(question):
    return question.answer()
