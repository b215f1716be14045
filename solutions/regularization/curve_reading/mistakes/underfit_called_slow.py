"""You called it slow, but both curves have been flat for many epochs: a larger rate will not move
them.
caught by: check_what
"""


def answer(question):
    return question.answer("underfit_called_slow")
