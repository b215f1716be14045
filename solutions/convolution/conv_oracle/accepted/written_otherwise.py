"""The right answers in other words: shapes as text with round brackets, numbers as fractions."""


def answer(question):
    value = question.answer()
    if isinstance(value, list) and isinstance(value[0], int):
        return str(tuple(value))
    return reworded(value)


def reworded(value):
    return [reworded(each) for each in value] if isinstance(value, list) else f"{value * 4:g}/4"
