"""Shift by the maximum, so that nothing overflows."""

import torch


def softmax(x, dim=-1):
    highest = x.amax(dim, keepdim=True)
    e = torch.exp(x - highest)
    return e / e.sum(dim, keepdim=True)
