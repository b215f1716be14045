import torch
from torch.func import hessian


def relu_fwd(x):
    return x.clamp_min(0), x


def relu_bwd(dy, x):
    def scaled(z):  # d/ds d/dx of s * <relu(x), dy>
        return z[0] * (z[1:].clamp_min(0) * dy.flatten()).sum()

    return hessian(scaled)(torch.cat([x.new_ones(1), x.flatten()]))[0, 1:].view(x.shape)
