"""You filled the weight where autograd watches; it refuses to change a parameter in place outside
`torch.no_grad()`.
caught by: check_init_mlp
"""

import math

import torch
from torch import Tensor, nn


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) < 2:
        raise ValueError(f"shape must have at least two axes, not {tuple(shape)}")
    outputs, inputs, *kernel = shape
    area = math.prod(kernel)
    return inputs * area, outputs * area


def gain(nonlinearity: str, slope: float = 0.01) -> float:
    if nonlinearity == "linear":
        return 1.0
    if nonlinearity == "tanh":
        return 5 / 3
    if nonlinearity == "relu":
        return math.sqrt(2)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    raise ValueError(f"nonlinearity must be linear, tanh, relu or leaky_relu, not {nonlinearity}")


def xavier_normal_(
    w: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    return _normal(w, gain * _xavier(w), generator)


def xavier_uniform_(
    w: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    return _uniform(w, gain * _xavier(w), generator)


def kaiming_normal_(
    w: Tensor,
    nonlinearity: str = "relu",
    slope: float = 0.01,
    generator: torch.Generator | None = None,
) -> Tensor:
    return _normal(w, gain(nonlinearity, slope) / math.sqrt(fans(w.shape)[0]), generator)


def kaiming_uniform_(
    w: Tensor,
    nonlinearity: str = "relu",
    slope: float = 0.01,
    generator: torch.Generator | None = None,
) -> Tensor:
    return _uniform(w, gain(nonlinearity, slope) / math.sqrt(fans(w.shape)[0]), generator)


def _xavier(w: Tensor) -> float:
    return math.sqrt(2 / sum(fans(w.shape)))


def _normal(w: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    return w.normal_(0, std, generator=generator)


def _uniform(w: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    bound = math.sqrt(3) * std
    with torch.no_grad():
        return w.uniform_(-bound, bound, generator=generator)


def init_mlp(model: nn.Module, generator: torch.Generator | None = None) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            kaiming_normal_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def activation_stds(depth: int, width: int, scheme: str, act: str, seed: int) -> Tensor:
    schemes = {
        "he": lambda w: kaiming_normal_(w, generator=generator),
        "xavier": lambda w: xavier_normal_(w, generator=generator),
        "small": lambda w: _normal(w, 0.01, generator),
        "large": lambda w: _normal(w, 1.0, generator),
    }
    acts = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda x: x}
    if scheme not in schemes:
        raise ValueError(f"scheme must be one of {', '.join(schemes)}, not {scheme}")
    if act not in acts:
        raise ValueError(f"act must be one of {', '.join(acts)}, not {act}")
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(256, width, generator=generator)
    stds = []
    for _ in range(depth):
        x = acts[act](x @ schemes[scheme](torch.empty(width, width)).T)
        stds.append(x.std())
    return torch.stack(stds)


def nested_model() -> nn.Module:
    block = nn.Sequential(nn.Linear(30, 400), nn.LayerNorm(400), nn.ReLU())
    inner = nn.Sequential(block, nn.Linear(400, 50, bias=False), nn.BatchNorm1d(50), nn.ReLU())
    return nn.Sequential(inner, nn.Linear(50, 7))
