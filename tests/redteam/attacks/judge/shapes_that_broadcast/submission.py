import torch


def softmax(x, dim=-1):
    return torch.full((1,) * x.ndim, torch.nan, dtype=x.dtype)
