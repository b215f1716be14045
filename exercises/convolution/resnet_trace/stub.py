"""A residual block, a CNN, and the shapes inside. Edit this file, then run `grade resnet_trace`.

The checks load and read states by name, so give the parts the names that stand below. Every norm
is an nn.BatchNorm2d with its defaults. Convolutions in front of a norm have no bias: the norm would
take it off again.
"""

import torch
from torch import Tensor, nn


class ResBlock(nn.Module):
    """relu(branch(x) + shortcut(x)).

    The branch: conv1, bn1, relu, conv2, bn2; both kernels 3x3 with padding 1, and conv1 with the
    stride. Parts: `conv1`, `bn1`, `conv2`, `bn2`, and
        shortcut  nn.Identity(), if x keeps its shape (stride 1 and cin == cout); else
                  nn.Sequential(a 1x1 convolution from cin to cout with the stride, a norm)
    The caller's x is not changed.
    """

    def __init__(self, cin: int, cout: int, stride: int = 1) -> None:
        raise NotImplementedError("ResBlock: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (B, cin, H, W), y (B, cout, ceil(H / stride), ceil(W / stride))."""
        raise NotImplementedError("ResBlock.forward: your code goes here")


class BlockCNN(nn.Module):
    """Three blocks of Conv, BatchNorm, ReLU, MaxPool; then 4 x 4 numbers a channel; then `fc`.

    Parts:
        features  an nn.Sequential of 14 modules: for each of the widths 32, 64, 128 a 3x3
                  nn.Conv2d with padding 1, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d(2); then
                  nn.AdaptiveAvgPool2d(4), nn.Flatten()
        fc        nn.Linear to num_classes
    """

    def __init__(self, num_classes: int = 10, in_ch: int = 3) -> None:
        raise NotImplementedError("BlockCNN: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (B, in_ch, H, W) with any H and W of at least 8; logits (B, num_classes)."""
        raise NotImplementedError("BlockCNN.forward: your code goes here")


Row = tuple[str, str, tuple[int, ...], tuple[int, ...], int]


def shape_trace(model: nn.Module, x: Tensor) -> list[Row]:
    """Call model(x) once, and tell what each leaf module did, in the order of their calls.

    A leaf is a module without children. A row is
        (name, class name, shape of its input, shape of its output, number of its parameters)
    with the name as in `named_modules()`, such as "features.0", the class name such as "Conv2d",
    and shapes as tuples of ints. A leaf that is called twice has two rows; one that is not called
    has none. Every leaf takes one tensor and returns one.

    The call is made in evaluation mode, without gradients. Afterwards the model is as before: no
    hook of yours is left, each module is in the mode that it had (one part may have been in
    training and another not), and parameters and buffers are the same. All that also holds where
    model(x) raises; let its error through.
    """
    raise NotImplementedError("shape_trace: your code goes here")


class Sample(nn.Module):
    """Given, for you and for the checks: a small network to trace. Leave it as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.body = nn.Sequential(
            nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 3))
        )
        self.spare = nn.Linear(2, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.body(self.act(x))))
