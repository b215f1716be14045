"""You took inference_mode for no_grad. Its results may never enter a graph again, nor change in
place outside.
caught by: check_item
"""


def answer(question):
    return question.answer("inference_is_no_grad")
