"""Each run knows what its log allows, what it rules out, and which row tells them apart."""


def answer(question):
    return question.answer()
