import torch

kernel = torch.ops.aten._softmax.default


def softmax(x, dim=-1):
    return kernel(x, dim, False)
