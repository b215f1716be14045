"""Linear, Embedding, Dropout and two MLPs as modules.

Conventions, for the whole file:
- Names count: every check loads weights by name, from torch's own layers and back.
- Parameters are made in `__init__`, and in float32. `.double()` must turn the whole module to
  float64; then float64 in gives float64 out.
- Inputs may be transposed views, and are never changed in place.

Not available here: torch's own Linear, Embedding and Dropout, `F.linear` and its like included,
since you build them. Available: tensor operations, `nn.Parameter`, `nn.Sequential`,
`nn.ModuleList`, `nn.BatchNorm1d`, `nn.ReLU`, `torch.relu`.
"""

import math

import torch
from torch import Tensor, nn


class MyLinear(nn.Module):
    """y = x W^T + b.

    `weight` (out_features, in_features) and `bias` (out_features,) are drawn from the uniform
    distribution between -1/sqrt(in_features) and 1/sqrt(in_features), with torch's own generator.
    With bias=False, `bias` is None and the state_dict holds `weight` only.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        raise NotImplementedError("MyLinear: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (*, in_features), with any number of leading axes; y (*, out_features)."""
        raise NotImplementedError("MyLinear.forward: your code goes here")


class MyEmbedding(nn.Module):
    """A table of n rows of d numbers, read by integer ids.

    `weight` (n, d) is drawn from the standard normal distribution. Row `padding_idx`, if given,
    starts as zeros, and its gradient is always zero, so training leaves it at zero.
    """

    def __init__(self, n: int, d: int, padding_idx: int | None = None) -> None:
        """Raises: ValueError naming `padding_idx`, unless 0 <= padding_idx < n."""
        raise NotImplementedError("MyEmbedding: your code goes here")

    def forward(self, ids: Tensor) -> Tensor:
        """Shapes: ids (*), int64 or int32; returns (*, d).

        Raises:
            TypeError   naming `ids`, if they are not int64 or int32
            IndexError  naming `ids`, if one of them is below 0 or above n - 1
        """
        raise NotImplementedError("MyEmbedding.forward: your code goes here")


class MyDropout(nn.Module):
    """In training, set each number to zero with probability p; divide the others by 1 - p.

    Every number is drawn by itself, anew at every call, with torch's own generator. After `eval()`
    the input comes back unchanged. p = 1 gives zeros (no nan), p = 0 changes nothing.
    """

    def __init__(self, p: float = 0.5) -> None:
        """Raises: ValueError naming `p`, unless 0 <= p <= 1."""
        raise NotImplementedError("MyDropout: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: any; the result has the shape and dtype of x."""
        raise NotImplementedError("MyDropout.forward: your code goes here")


class TwoLayerMLP(nn.Module):
    """fc2(relu(fc1(x))), where `fc1` and `fc2` are `MyLinear`."""

    def __init__(self, in_dim: int, hidden: int, out_dim: int) -> None:
        raise NotImplementedError("TwoLayerMLP: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (*, in_dim); returns (*, out_dim)."""
        raise NotImplementedError("TwoLayerMLP.forward: your code goes here")


class MLP(nn.Module):
    """Any number of hidden layers.

    `layers`, an nn.Sequential or nn.ModuleList, holds for each width in `hidden` these four:
        MyLinear, nn.BatchNorm1d, nn.ReLU, MyDropout
    and then one last MyLinear, with nothing after it. hidden = [] means that MyLinear alone.
    """

    def __init__(self, in_dim: int, hidden: list[int], out_dim: int, dropout: float = 0.3) -> None:
        raise NotImplementedError("MLP: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, in_dim); returns (N, out_dim)."""
        raise NotImplementedError("MLP.forward: your code goes here")


def count_params(module: nn.Module, trainable_only: bool = False) -> int:
    """How many numbers the parameters of `module` hold, those of its children included.

    With `trainable_only`, a parameter whose requires_grad is False does not count. Buffers, such as
    the running means of BatchNorm, never do.
    """
    raise NotImplementedError("count_params: your code goes here")
