"""You took a result for a leaf. What an operation on a tracked tensor made is an inner node, and
its grad is not kept.
caught by: check_item
"""


def answer(question):
    return question.answer("inner_nodes_keep_grad")
