"""Convolution and pooling: one slice of the image for each place of the kernel."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def _windows(
    x: Tensor, kh: int, kw: int, stride: int, dilation: int = 1, name: str = "k"
) -> list[Tensor]:
    """For each place (u, v) of the kernel, what it meets in all windows: views (B, C, oh, ow)."""
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    height, width = x.shape[-2:]
    oh = (height - dilation * (kh - 1) - 1) // stride + 1
    ow = (width - dilation * (kw - 1) - 1) // stride + 1
    if oh < 1 or ow < 1:
        raise ValueError(f"{name} is larger than the image of {height} x {width}, padding included")
    rows = [slice(dilation * u, dilation * u + stride * (oh - 1) + 1, stride) for u in range(kh)]
    columns = [slice(dilation * v, dilation * v + stride * (ow - 1) + 1, stride) for v in range(kw)]
    return [x[:, :, row, column] for row in rows for column in columns]


def conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """All windows as one axis k; then one product for all places at once."""
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w takes {w.shape[1]} channels, but x has {x.shape[1]}")
    padded = pad(x, [padding] * 4)
    windows = torch.stack(_windows(padded, *w.shape[2:], stride, dilation, name="w"), 2)
    y = torch.einsum("bckhw,ock->bohw", windows, w.flatten(2))
    return y if b is None else y + b[:, None, None]


def max_pool2d(x: Tensor, k: int, stride: int | None = None) -> Tensor:
    windows = torch.stack(_windows(x, k, k, k if stride is None else stride))
    return windows.amax(0)


def avg_pool2d(x: Tensor, k: int, stride: int | None = None) -> Tensor:
    windows = torch.stack(_windows(x, k, k, k if stride is None else stride))
    return windows.mean(0)


def adaptive_avg_pool2d(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Rows first, then columns: the mean of equally many means is the mean of all."""
    for axis, parts in ((2, size[0]), (3, size[1])):
        n = x.shape[axis]
        starts = [i * n // parts for i in range(parts)]
        ends = [-(-(i + 1) * n // parts) for i in range(parts)]
        means = [
            x.narrow(axis, start, end - start).mean(axis)
            for start, end in zip(starts, ends, strict=True)
        ]
        x = torch.stack(means, axis)
    return x


def conv2d_backward(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, padding: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Each product passes its share back; a pixel that stood in several windows sums theirs."""
    kh, kw = w.shape[2:]
    windows = torch.stack(_windows(pad(x, [padding] * 4), kh, kw, stride), 2)
    dw = torch.einsum("bohw,bckhw->ock", dy, windows).view(w.shape)
    dwindows = torch.einsum("bohw,ock->bckhw", dy, w.flatten(2))
    dpadded = pad(torch.zeros_like(x), [padding] * 4)
    places = _windows(dpadded, kh, kw, stride)
    for place, share in zip(places, dwindows.unbind(2), strict=True):
        place += share
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, dy.sum((0, 2, 3))
