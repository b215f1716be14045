"""One flat copy that is moved and put back, and a backward pass from kept values."""

import math

import torch


def num_grad(f, x, eps=1e-5):
    if x.dtype != torch.float64:
        raise TypeError("x is not float64")
    point = x.detach().clone().contiguous()
    flat, slopes = point.view(-1), []
    for i in range(flat.numel()):
        before = flat[i].item()
        flat[i] = before + eps
        above = f(point).item()
        flat[i] = before - eps
        below = f(point).item()
        flat[i] = before
        slopes.append((above - below) / (2 * eps))
    return torch.tensor(slopes, dtype=torch.float64).reshape(x.shape)


def max_rel_error(a, n, floor=1e-8):
    if n.shape != a.shape:
        raise ValueError("a and n differ in shape")
    worst = 0.0
    for left, right in zip(a.flatten().tolist(), n.flatten().tolist(), strict=True):
        error = abs(left - right) / max(abs(left), abs(right), floor)
        if math.isnan(error):
            return error
        worst = max(worst, error)
    return worst


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = (1 + torch.tanh(beta * x / 2)) / 2
        y = x * s
        ctx.save_for_backward(x, s, beta)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, s, beta = ctx.saved_tensors
        y = x * s
        return dy * (s + beta * y * (1 - s)), torch.sum(dy * y * (x - y))


def swish(x, beta):
    return Swish.apply(x, beta)


def quad(x):
    weights = torch.arange(1, x.numel() + 1, dtype=x.dtype).reshape(x.shape)
    return (weights * x**2).sum()


def lse(x):
    return x.flatten().logsumexp(0)


def cubic(x):
    return (x**3).sum()
