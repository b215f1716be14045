"""The right answers, rounded to four digits as from a pocket calculator."""


def answer(question):
    return rounded(question.answer())


def rounded(value):
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}")
