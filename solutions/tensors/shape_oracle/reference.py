"""The right answers: run each expression on its operands and look at what comes out."""


def answer(question):
    return question.answer()
