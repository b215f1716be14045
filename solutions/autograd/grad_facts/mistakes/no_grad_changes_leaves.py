"""You let no_grad take requires_grad away. It only keeps the results of operations inside from
being tracked.
caught by: check_item
"""


def answer(question):
    return question.answer("no_grad_changes_leaves")
