import torch


def softmax(x, dim=-1):
    return torch.full_like(x, torch.inf)
