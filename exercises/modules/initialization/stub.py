"""Xavier, Kaiming, and healthy activations.

Conventions, for the whole file:
- The four functions whose names end in `_` fill `w` in place, record nothing for autograd (`w` may
  be a parameter), and return `w`. Shape, dtype and requires_grad stay. The mean is 0.
- All random numbers come from `generator`; None means torch's own. Equal seeds give equal numbers.
- fan_in is the number of inputs that are summed into one output; fan_out is the number of outputs
  that one input reaches.

Not available here: `torch.nn.init`'s Xavier, Kaiming and calculate_gain, since you build them.
Available: `uniform_`, `normal_`, `torch.randn`, `torch.rand` and all arithmetic.
"""

import math

import torch
from torch import Tensor, nn


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of this shape.

    (O, I) of a linear layer, or (O, I, *kernel) of a convolution with one to three kernel axes;
    stride 1 and no groups.
    Raises: ValueError naming `shape`, if it has fewer than two axes.
    """
    raise NotImplementedError("fans: your code goes here")


def gain(nonlinearity: str, slope: float = 0.01) -> float:
    """By how much larger the standard deviation must be because of what follows.

    "linear": 1; "tanh": 5/3; "relu": sqrt(2); "leaky_relu": sqrt(2 / (1 + slope^2)).
    Only "leaky_relu" looks at `slope`.
    Raises: ValueError naming `nonlinearity`, for any other.
    """
    raise NotImplementedError("gain: your code goes here")


def xavier_normal_(
    w: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Normal numbers with standard deviation gain * sqrt(2 / (fan_in + fan_out))."""
    raise NotImplementedError("xavier_normal_: your code goes here")


def xavier_uniform_(
    w: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Uniform numbers between -a and a, with the same standard deviation as xavier_normal_."""
    raise NotImplementedError("xavier_uniform_: your code goes here")


def kaiming_normal_(
    w: Tensor,
    nonlinearity: str = "relu",
    slope: float = 0.01,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Normal numbers with standard deviation gain(nonlinearity, slope) / sqrt(fan_in)."""
    raise NotImplementedError("kaiming_normal_: your code goes here")


def kaiming_uniform_(
    w: Tensor,
    nonlinearity: str = "relu",
    slope: float = 0.01,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Uniform numbers between -a and a, with the same standard deviation as kaiming_normal_."""
    raise NotImplementedError("kaiming_uniform_: your code goes here")


def init_mlp(model: nn.Module, generator: torch.Generator | None = None) -> None:
    """Give every nn.Linear inside `model`, at any depth, a kaiming_normal_ weight and a zero bias.

    For ReLU. A layer may have no bias. All other parameters stay as they are.
    """
    raise NotImplementedError("init_mlp: your code goes here")


def activation_stds(depth: int, width: int, scheme: str, act: str, seed: int) -> Tensor:
    """The standard deviation of the activations after each of `depth` layers, (depth,) float32.

    From torch.Generator().manual_seed(seed): first x (256, width), standard normal; then for each
    layer a fresh W (width, width), and x = act(x W^T). What counts is `x.std()` over all numbers.

    Args:
        scheme  how W is drawn: "he", kaiming_normal_ for ReLU; "xavier", xavier_normal_ with gain
                1; "small", normal with standard deviation 0.01; "large", standard normal
        act     "relu", "tanh" or "linear" (nothing)
    Raises: ValueError naming `scheme` or `act`, for any other.
    """
    raise NotImplementedError("activation_stds: your code goes here")


def nested_model() -> nn.Module:
    """Given, for the checks: a small model with layers inside layers. Leave it as it is."""
    block = nn.Sequential(nn.Linear(30, 400), nn.LayerNorm(400), nn.ReLU())
    inner = nn.Sequential(block, nn.Linear(400, 50, bias=False), nn.BatchNorm1d(50), nn.ReLU())
    return nn.Sequential(inner, nn.Linear(50, 7))
