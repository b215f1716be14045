"""You counted running_mean, running_var and the counter of BatchNorm; those are buffers, which no
optimizer trains.
caught by: check_item
"""


def answer(question):
    return question.answer("buffers_are_parameters")
