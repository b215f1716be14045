"""The right answers with whole numbers, and with quoted words in capitals."""


def answer(question):
    right = question.answer()
    if isinstance(right, float):
        return int(right) if right == int(right) else right
    return str(right).capitalize()
