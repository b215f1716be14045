"""You left the heads apart. Their columns go side by side again before W_O.
caught by: check_fact
"""


def answer(question):
    return question.answer("heads_kept_apart")
