"""You left the dilation out: a kernel of k taps with dilation d reaches over d(k - 1) + 1 pixels.
caught by: check_item
"""


def answer(question):
    return question.answer("dilation_ignored")
