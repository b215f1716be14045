"""Sums up one place of the kernel after the other; pools by running means and maxima."""

import math

import torch
import torch.nn.functional as F


def places(x, kh, kw, stride, dilation, name):
    if stride < 1:
        raise ValueError("stride must be positive")
    oh = math.floor((x.shape[2] - dilation * (kh - 1) - 1) / stride) + 1
    ow = math.floor((x.shape[3] - dilation * (kw - 1) - 1) / stride) + 1
    if min(oh, ow) < 1:
        raise ValueError(f"{name} does not fit")
    for u in range(kh):
        for v in range(kw):
            top, left = u * dilation, v * dilation
            yield (
                u,
                v,
                x[..., top::stride, left::stride][..., :oh, :ow],
            )


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
    if x.size(1) != w.size(1):
        raise ValueError("channels of w")
    x = F.pad(x, (padding, padding, padding, padding))
    y = 0
    for u, v, part in places(x, w.size(2), w.size(3), stride, dilation, "w"):
        y = y + torch.einsum("bchw,oc->bohw", part, w[:, :, u, v])
    return y if b is None else y + b.view(1, -1, 1, 1)


def max_pool2d(x, k, stride=None):
    out = None
    for _, _, part in places(x, k, k, k if stride is None else stride, 1, "k"):
        out = part if out is None else torch.maximum(out, part)
    return out.clone()


def avg_pool2d(x, k, stride=None):
    stride = k if stride is None else stride
    return sum(part for _, _, part in places(x, k, k, stride, 1, "k")) / (k * k)


def adaptive_avg_pool2d(x, size):
    oh, ow = size
    out = x.new_empty(*x.shape[:2], oh, ow)
    height, width = x.shape[2:]
    for i in range(oh):
        for j in range(ow):
            top, bottom = math.floor(i * height / oh), math.ceil((i + 1) * height / oh)
            left, right = math.floor(j * width / ow), math.ceil((j + 1) * width / ow)
            out[:, :, i, j] = x[:, :, top:bottom, left:right].mean((2, 3))
    return out


def conv2d_backward(dy, x, w, stride=1, padding=0):
    p = padding
    padded = F.pad(x, (p, p, p, p))
    dpadded, dw = torch.zeros_like(padded), torch.zeros_like(w)
    kh, kw = w.shape[2:]
    oh, ow = dy.shape[2:]
    for i in range(oh):
        for j in range(ow):
            top, left = i * stride, j * stride
            here = (..., slice(top, top + kh), slice(left, left + kw))
            dpadded[here] += torch.einsum("bo,ocuv->bcuv", dy[:, :, i, j], w)
            dw += torch.einsum("bo,bcuv->ocuv", dy[:, :, i, j], padded[here])
    return dpadded[:, :, p : p + x.size(2), p : p + x.size(3)], dw, dy.sum(dim=(0, 2, 3))
