"""You wrote the digits side by side.
caught by: check_item
"""


def answer(question):
    return int(f"{question.a}{question.b}")
