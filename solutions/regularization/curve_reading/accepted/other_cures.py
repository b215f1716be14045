"""The last of all right answers: other cures for overfitting, capitals, numbers a little off."""


def answer(question):
    right = question.right[-1]
    return right.upper() if question.words else right + question.near
