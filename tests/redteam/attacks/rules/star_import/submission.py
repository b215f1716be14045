from torch.nn.functional import *

ways = [softmax]


def softmax(x, dim=-1):
    return ways[0](x, dim)
