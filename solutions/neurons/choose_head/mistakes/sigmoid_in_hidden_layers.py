"""You put sigmoids into the hidden layers. Their slope is at most 1/4, and in a deep net nothing is
left of the gradient.
caught by: check_item
"""


def answer(question):
    return question.answer("sigmoid_in_hidden_layers")
