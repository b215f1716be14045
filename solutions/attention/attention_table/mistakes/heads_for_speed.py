"""You took heads for a saving. They cost the same as one wide head; they see different things.
caught by: check_fact
"""


def answer(question):
    return question.answer("heads_for_speed")
