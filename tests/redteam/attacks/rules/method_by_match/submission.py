from torch import Tensor


def softmax(x, dim=-1):
    match x:
        case Tensor(softmax=way):
            return way(dim)
