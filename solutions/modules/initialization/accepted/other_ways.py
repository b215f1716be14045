"""Tables, copy_ from torch.rand and torch.randn, named_modules, float64 inside."""

import math

import torch
from torch import nn


def fans(shape):
    if len(shape) < 2:
        raise ValueError("shape is too short")
    area = 1
    for side in shape[2:]:
        area *= side
    return shape[1] * area, shape[0] * area


def gain(nonlinearity, slope=0.01):
    gains = {
        "linear": 1,
        "tanh": 5 / 3,
        "relu": 2**0.5,
        "leaky_relu": math.sqrt(2 / (1 + slope * slope)),
    }
    if nonlinearity not in gains:
        raise ValueError(f"unknown nonlinearity {nonlinearity}")
    return gains[nonlinearity]


def fill(w, std, generator, uniform=False):
    draw = torch.rand if uniform else torch.randn
    numbers = draw(w.shape, generator=generator, dtype=torch.float64)
    if uniform:
        numbers = (numbers - 0.5) * math.sqrt(12)
    w.detach().copy_(numbers * std)
    return w


def xavier_std(w, factor):
    fan_in, fan_out = fans(w.shape)
    return factor / math.sqrt((fan_in + fan_out) / 2)


def kaiming_std(w, nonlinearity, slope):
    return gain(nonlinearity, slope) * fans(w.shape)[0] ** -0.5


def xavier_normal_(w, gain=1.0, generator=None):
    return fill(w, xavier_std(w, gain), generator)


def xavier_uniform_(w, gain=1.0, generator=None):
    return fill(w, xavier_std(w, gain), generator, uniform=True)


def kaiming_normal_(w, nonlinearity="relu", slope=0.01, generator=None):
    return fill(w, kaiming_std(w, nonlinearity, slope), generator)


def kaiming_uniform_(w, nonlinearity="relu", slope=0.01, generator=None):
    return fill(w, kaiming_std(w, nonlinearity, slope), generator, uniform=True)


@torch.no_grad()
def init_mlp(model, generator=None):
    for child in model.children():
        init_mlp(child, generator)
    if isinstance(model, nn.Linear):
        kaiming_normal_(model.weight, "relu", generator=generator)
        if model.bias is not None:
            model.bias.zero_()


def activation_stds(depth, width, scheme, act, seed):
    if scheme not in ("he", "xavier", "small", "large"):
        raise ValueError(f"unknown scheme {scheme}")
    if act not in ("relu", "tanh", "linear"):
        raise ValueError(f"unknown act {act}")
    scale = {"he": math.sqrt(2 / width), "xavier": width**-0.5, "small": 0.01, "large": 1}[scheme]
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(256, width, generator=generator)
    stds = torch.zeros(depth)
    for layer in range(depth):
        x = x @ (scale * torch.randn(width, width, generator=generator)).T
        if act == "relu":
            x = x.clamp(min=0)
        if act == "tanh":
            x = x.tanh()
        stds[layer] = x.std()
    return stds


def nested_model():
    block = nn.Sequential(nn.Linear(30, 400), nn.LayerNorm(400), nn.ReLU())
    inner = nn.Sequential(block, nn.Linear(400, 50, bias=False), nn.BatchNorm1d(50), nn.ReLU())
    return nn.Sequential(inner, nn.Linear(50, 7))
