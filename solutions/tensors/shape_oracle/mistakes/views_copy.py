"""You took a view for a copy. Slices, None, unsqueeze, expand, detach, .T, transpose and
permute look at the memory of their operand.
caught by: check_item
"""


def answer(question):
    return question.answer("views_copy")
