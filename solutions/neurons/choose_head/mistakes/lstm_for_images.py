"""You took an LSTM, as if the task were a short sequence. A picture is a grid, and far references
are more than its memory holds.
caught by: check_item
"""


def answer(question):
    return question.answer("lstm_for_images")
