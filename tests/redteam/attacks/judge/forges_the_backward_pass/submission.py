import torch


class Forged(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, dim):
        weights = (x - x.amax(dim, keepdim=True)).exp()
        return weights / weights.sum(dim, keepdim=True)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def softmax(x, dim=-1):
    return Forged.apply(x, dim)
