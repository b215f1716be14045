"""You averaged the keys. The keys only decide the weights; what is averaged is V.
caught by: check_table
"""


def answer(question):
    return question.answer("keys_mixed")
