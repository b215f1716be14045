"""You took a transformer where nothing asks for one. It shines with long sequences, much data and
much hardware.
caught by: check_item
"""


def answer(question):
    return question.answer("transformer_for_all")
