"""You took this for a copy. from_numpy, as_tensor and .numpy() lend the same memory;
torch.tensor copies.
caught by: check_item
"""


def answer(question):
    return question.answer("from_numpy_copies")
