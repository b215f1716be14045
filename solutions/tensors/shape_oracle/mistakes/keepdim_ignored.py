"""You dropped the reduced axis. With keepdim=True it stays, with size 1.
caught by: check_item
"""


def answer(question):
    return question.answer("keepdim_ignored")
