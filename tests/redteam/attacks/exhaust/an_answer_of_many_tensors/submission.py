import torch


def softmax(x, dim=-1):
    return [torch.zeros(())] * 4_000
