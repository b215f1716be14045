"""You flipped the kernel. That is the convolution of mathematics; PyTorch lays the kernel on the
image as it stands.
caught by: check_item
"""


def answer(question):
    return question.answer("kernel_flipped")
