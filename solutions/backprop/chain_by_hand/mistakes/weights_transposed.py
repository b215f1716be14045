"""Your weight gradients lie on their side. dW has the shape of W: (outputs, inputs).
caught by: check_item
"""


def answer(question):
    return question.answer("weights_transposed")
