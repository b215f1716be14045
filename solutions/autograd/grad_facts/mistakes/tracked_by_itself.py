"""You took a tensor for tracked that did not ask for it. requires_grad is False unless you set it,
or an operand has it.
caught by: check_item
"""


def answer(question):
    return question.answer("tracked_by_itself")
