"""You found it good. Where both are measured alike, unseen rows should not be easier than seen
ones.
caught by: check_what
"""


def answer(question):
    return question.answer("leak_called_good")
