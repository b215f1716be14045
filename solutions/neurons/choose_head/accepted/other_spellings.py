"""The right answers with numbers rounded, and fields in another order."""


def answer(question):
    right = question.answer()
    if isinstance(right, dict):
        return {key: right[key] for key in reversed(right)}
    return round(right, 3) if isinstance(right, float) else right
