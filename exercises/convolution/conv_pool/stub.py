"""Convolution and pooling from scratch. Edit this file, then run `grade conv_pool`.

Conventions, for all functions:
    x         (B, C, H, W): images, channels, rows, columns; H and W need not be equal
    y[i, j]   stands for the window of x whose upper left corner is at (i * stride, j * stride)
    sizes     floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1, for rows and columns
              each: a window that does not fit whole is left out
    padding   zeros, as many rows above as below, as many columns left as right
    kernel    laid on the image as it stands, not flipped (what torch calls convolution)
    dtype     float32 stays float32, and float64 stays float64
    memory    arguments may be transposed views, and are never changed

Not available here: torch's own convolutions, poolings, `unfold` and `interpolate`, since you build
them, and autograd, since conv2d_backward is what it does. Slicing, `as_strided`, `einsum`,
`torch.nn.functional.pad` and everything else are.
"""

from torch import Tensor


def conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """y[n, o, i, j] = b[o] + sum over c, u, v of
        x[n, c, i * stride + u * dilation - padding, j * stride + v * dilation - padding]
        * w[o, c, u, v],                                     with zeros beyond the border of x

    Shapes: x (B, C, H, W), w (O, C, kh, kw) with kh and kw equal or not, b (O,) or None for no
    bias; y (B, O, oh, ow) with the sizes above.
    Raises: ValueError naming `w`, if its channels are not those of x, or if the kernel with its
        dilation is larger than the padded image;
        ValueError naming `stride`, if that is below 1.
    Speed: 64 images (3, 32, 32) to 32 channels in 5 CPU seconds; a loop over the places of the
        kernel takes a tenth of a second, a loop over every output number a minute.
    """
    raise NotImplementedError("conv2d: your code goes here")


def max_pool2d(x: Tensor, k: int, stride: int | None = None) -> Tensor:
    """The largest number of each k x k window, for each channel by itself; no padding.

    stride None means k. Shapes: x (B, C, H, W); y (B, C, oh, ow) with the sizes above.
    Raises: ValueError naming `k`, if the window is larger than the image;
        ValueError naming `stride`, if that is below 1.
    """
    raise NotImplementedError("max_pool2d: your code goes here")


def avg_pool2d(x: Tensor, k: int, stride: int | None = None) -> Tensor:
    """The mean of each k x k window; all else as in max_pool2d."""
    raise NotImplementedError("avg_pool2d: your code goes here")


def adaptive_avg_pool2d(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Means over windows that cover the whole image, so that the output has the size asked for.

    With size = (oh, ow), both at least 1, output row i is the mean over the input rows from
    floor(i * H / oh) up to, not including, ceil((i + 1) * H / oh); columns alike. Neighbouring
    windows may overlap by one row, and an output larger than the image is legal.
    Shapes: x (B, C, H, W); y (B, C, oh, ow).
    """
    raise NotImplementedError("adaptive_avg_pool2d: your code goes here")


def conv2d_backward(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, padding: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a loss by x, w and b, from dy, its gradient by y. Earns merit points only.

    y was conv2d(x, w, b, stride, padding); dilation is 1. A gradient has the shape and the dtype of
    what it belongs to. Shapes: dy (B, O, oh, ow); returns the tuple dx (B, C, H, W),
    dw (O, C, kh, kw), db (O,).
    """
    raise NotImplementedError("conv2d_backward: your code goes here")
