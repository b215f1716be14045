"""The right answers, rounded to three decimals as from a pocket calculator."""


def answer(question):
    return rounded(question.answer())


def rounded(value):
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value
