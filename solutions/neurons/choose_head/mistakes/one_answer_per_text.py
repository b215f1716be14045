"""You gave one target for each text. Every token has an answer of its own: (N, T).
caught by: check_item
"""


def answer(question):
    return question.answer("one_answer_per_text")
