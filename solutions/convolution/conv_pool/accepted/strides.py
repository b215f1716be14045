"""All windows as one strided view, and one product."""

import torch
from torch.nn.functional import pad


def windows_of(x, kh, kw, stride, dilation, name):
    if stride < 1:
        raise ValueError(f"the stride is {stride}")
    oh = (x.shape[2] - dilation * (kh - 1) - 1) // stride + 1
    ow = (x.shape[3] - dilation * (kw - 1) - 1) // stride + 1
    if oh < 1 or ow < 1:
        raise ValueError(f"the window {name} is too large")
    b, c, h, w = x.stride()
    return torch.as_strided(
        x,
        (x.shape[0], x.shape[1], oh, ow, kh, kw),
        (b, c, h * stride, w * stride, h * dilation, w * dilation),
        x.storage_offset(),
    )


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
    if x.shape[1] != w.shape[1]:
        raise ValueError("w has other channels than x")
    windows = windows_of(
        pad(x, (padding, padding, padding, padding)), *w.shape[2:], stride, dilation, "w"
    )
    y = torch.tensordot(windows, w, dims=([1, 4, 5], [1, 2, 3])).permute(0, 3, 1, 2)
    return y if b is None else y + b[None, :, None, None]


def max_pool2d(x, k, stride=None):
    return windows_of(x, k, k, k if stride is None else stride, 1, "k").amax((4, 5))


def avg_pool2d(x, k, stride=None):
    return windows_of(x, k, k, k if stride is None else stride, 1, "k").mean((4, 5))


def adaptive_avg_pool2d(x, size):
    """As two products with matrices of weights, one for the rows and one for the columns."""

    def shares(n, parts):
        i, at = torch.arange(parts)[:, None], torch.arange(n)
        inside = ((at >= i * n // parts) & (at < -(-(i + 1) * n // parts))).to(x.dtype)
        return inside / inside.sum(1, keepdim=True)

    return shares(x.shape[2], size[0]) @ x @ shares(x.shape[3], size[1]).T


def conv2d_backward(dy, x, w, stride=1, padding=0):
    """dx as a convolution of the spread out dy with the turned kernel."""
    kh, kw = w.shape[2:]
    height, width = x.shape[2] + 2 * padding, x.shape[3] + 2 * padding
    spread = dy.new_zeros(*dy.shape[:2], height + kh - 1, width + kw - 1)
    rows, columns = (stride * (size - 1) + 1 for size in dy.shape[2:])
    spread[:, :, kh - 1 : kh - 1 + rows : stride, kw - 1 : kw - 1 + columns : stride] = dy
    dx = conv2d(spread, w.transpose(0, 1).flip(2, 3))
    dx = dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    padded = pad(x, (padding, padding, padding, padding))
    windows = windows_of(padded, kh, kw, stride, 1, "w")
    return dx, torch.einsum("bohw,bchwuv->ocuv", dy, windows), dy.sum((0, 2, 3))
