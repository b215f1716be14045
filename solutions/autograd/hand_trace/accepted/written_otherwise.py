"""The right answers as whole numbers where they are whole, and else as fractions in text."""

from fractions import Fraction


def answer(question):
    return written(question.answer())


def written(value):
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, str):
        return value
    return int(value) if value == int(value) else str(Fraction(value))
