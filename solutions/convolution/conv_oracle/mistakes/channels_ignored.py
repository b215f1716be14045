"""You counted flat kernels. A kernel is as deep as its input, so it has k * k weights for each
input channel.
caught by: check_item
"""


def answer(question):
    return question.answer("channels_ignored")
