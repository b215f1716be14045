from torch import _C as c


def softmax(x, dim=-1):
    return c._VariableFunctions.softmax(x, dim)
