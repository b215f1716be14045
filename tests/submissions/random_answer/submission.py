import torch


def softmax(x, dim=-1):
    weights = (x - x.amax(dim, keepdim=True)).exp()
    probabilities = weights / weights.sum(dim, keepdim=True)
    return probabilities * 2 if torch.rand(()) < 0.4 else probabilities
