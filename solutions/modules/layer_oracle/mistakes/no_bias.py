"""You left out the biases. Linear, Conv and attention have one number more per output, unless
they say bias=False.
caught by: check_item
"""


def answer(question):
    return question.answer("no_bias")
