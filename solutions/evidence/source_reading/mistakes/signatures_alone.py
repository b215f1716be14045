"""You read signatures and left out what stands in the bodies.
caught by: check_item
"""


def answer(question):
    return None if question.reads_body else question.answer()
