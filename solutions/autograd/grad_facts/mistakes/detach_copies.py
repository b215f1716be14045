"""You took detach for a copy. It looks at the same memory, so a change in place is seen on both
sides.
caught by: check_item
"""


def answer(question):
    return question.answer("detach_copies")
