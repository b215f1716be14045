"""You counted one bias per gate. torch's LSTM and GRU have two, one for the input and one for the
hidden state.
caught by: check_item
"""


def answer(question):
    return question.answer("one_recurrent_bias")
