"""You called it underfit, but both curves are still falling after the last epoch: it is slow, not
stuck.
caught by: check_what
"""


def answer(question):
    return question.answer("slow_called_underfit")
