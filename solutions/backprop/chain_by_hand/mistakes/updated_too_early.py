"""You went back through the updated W2. All gradients belong to the weights of the forward pass.
caught by: check_item
"""


def answer(question):
    return question.answer("updated_too_early")
