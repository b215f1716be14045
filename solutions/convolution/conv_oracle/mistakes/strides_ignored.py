"""You added up the kernels as if every stride were 1. After a stride of 2, one step is two pixels
of the image.
caught by: check_item
"""


def answer(question):
    return question.answer("strides_ignored")
