"""You suspect a leak, but the training loss was taken with dropout on; without dropout it would
lie lower.
caught by: check_what
"""


def answer(question):
    return question.answer("dropout_called_leak")
