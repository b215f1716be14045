"""The right answers in other words: shapes as text with round brackets, counts with commas."""


def answer(question):
    right = question.answer()
    return {"shape": str(tuple(right["shape"])), "count": f"{right['count']:,}"}
