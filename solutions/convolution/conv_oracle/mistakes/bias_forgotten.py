"""You left out the biases: one number for each output channel, or output of a linear layer,
unless it says bias=False.
caught by: check_item
"""


def answer(question):
    return question.answer("bias_forgotten")
