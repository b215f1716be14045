"""You gave each head all C columns. The columns are shared out: d = C / h each.
caught by: check_fact
"""


def answer(question):
    return question.answer("uncut_heads")
