import torch


@(lambda own: torch.softmax)
def softmax(x, dim=-1): ...
