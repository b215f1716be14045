"""What the sums are."""


def answer(question):
    return question.a + question.b
