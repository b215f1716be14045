"""You counted the padding once; it stands on both sides, so 2p pixels are added.
caught by: check_item
"""


def answer(question):
    return question.answer("padding_once")
