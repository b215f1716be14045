"""Instruments that find where numbers first go wrong. Edit this file, then run
`grade first_bad_tensor`.

Conventions, for the whole file:
- A tensor is bad if one of its numbers is nan, inf or -inf. Integers are never bad.
- Modules and parameters are named as in `model.named_modules()` and `model.named_parameters()`,
  such as "body.fc1". The model itself is "model".
- An instrument changes nothing: parameters, buffers, gradients and training mode are afterwards as
  they were, also the running statistics of a batch norm, and also where the model raises.
- No hook of yours is left behind, and no hook of anybody else is taken away.
- What the model raises goes on to the caller.

Available: all of torch, `register_forward_hook` and `torch.autograd.detect_anomaly` above all.
"""

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn


def first_nonfinite(model: nn.Module, x: Tensor) -> str | None:
    """Where `model(x)` first goes wrong; None if nothing is bad.

    Looked at in this order:
        "input"         x is bad
        "param:<name>"  the first parameter, in the order of named_parameters, that is bad
        "<name>"        the first module to finish whose output is bad although its inputs are not.
                        An inner module finishes before the one that it stands in. So a container
                        is named only for what it computed itself.

    Inputs and outputs of modules are tensors, or tuples and lists that hold tensors.
    The model runs once, in the mode that it is in.
    """
    raise NotImplementedError("first_nonfinite: your code goes here")


def grad_report(model: nn.Module) -> dict[str, dict[str, float | bool | int | None]]:
    """What `.grad` holds, for every parameter, by its name.

    "none"       bool, whether there is no gradient at all
    "norm"       float, square root of the sum of squares, computed in float64; None without one
    "nonfinite"  int, how many of its numbers are bad; 0 without one
    "ratio"      float, "norm" divided by the parameter's own norm, in float64; None where there is
                 no gradient, or the parameter is all zeros
    """
    raise NotImplementedError("grad_report: your code goes here")


def dead_relu(model: nn.Module, x: Tensor) -> dict[str, float]:
    """For every nn.ReLU that `model(x)` runs, by its name: the share of its units that are dead.

    The output of a ReLU is (N, *), N examples. Each place of the other axes is a unit. It is dead
    if it is 0 for all N examples. No ReLU runs twice here.
    """
    raise NotImplementedError("dead_relu: your code goes here")


def where_backward(fn: Callable[[], Tensor]) -> str | None:
    """The operation whose backward pass first gives nan, such as "SqrtBackward0".

    `fn()` computes a loss of shape (). None, if the backward pass gives no nan.
    Anomaly detection is afterwards switched on or off as it was before.
    Whatever else fn() or the backward pass raises goes on to the caller.
    """
    raise NotImplementedError("where_backward: your code goes here")


# Given, for the checks and for you to try things on. Leave it as it is.

OPS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "dropout": lambda: nn.Dropout(0.5),
    "batch_norm": lambda: nn.BatchNorm1d(6, affine=False),
    "embedding": lambda: nn.Embedding(10, 6),
}
FUNCTIONS = {
    "log": torch.log,
    "sqrt": torch.sqrt,
    "exp": torch.exp,
    "reciprocal": torch.reciprocal,
    "half": Tensor.half,
    "masked_softmax": lambda x: x.masked_fill(x <= 0, float("-inf")).softmax(-1),
    "both": lambda x: [x.tanh(), (x.exp(), x > 0)],
    "first": lambda pair: pair[0],
}


class Op(nn.Module):
    """One function as a module."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return FUNCTIONS[self.kind](x)


class Ratio(nn.Module):
    """out(top(x) / bottom(x)): the division is its own."""

    def __init__(self, top: nn.Module, bottom: nn.Module, out: nn.Module) -> None:
        super().__init__()
        self.top, self.bottom, self.out = top, bottom, out

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.top(x) / self.bottom(x))


def build(plan) -> nn.Module:
    """A model after a plan.

    Args: plan, a name of OPS or FUNCTIONS; [in, out], a linear layer; {"top": plan, "bottom":
    plan, "out": plan}, a Ratio; {name: plan, ...}, one after the other.
    """
    if isinstance(plan, str):
        return OPS[plan]() if plan in OPS else Op(plan)
    if isinstance(plan, list):
        return nn.Linear(*plan)
    parts = {name: build(part) for name, part in plan.items()}
    if set(parts) == {"top", "bottom", "out"}:
        return Ratio(**parts)
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    return model


def give_gradients(model: nn.Module, gradients: dict[str, Tensor]) -> None:
    """Set `.grad` of the parameters that are named; all others have none."""
    for name, p in model.named_parameters():
        p.grad = gradients.get(name)


def loss_of(kind: str, x: Tensor) -> Callable[[], Tensor]:
    """A function without arguments, that computes a loss from x."""
    x = x.clone().requires_grad_()
    losses = {
        "sqrt": lambda: (x.relu().sqrt() * x).sum(),
        "distance": lambda: (x - x.detach()).square().sum().sqrt(),
        "where": lambda: torch.where(x > 0, x.log(), 0.0).sum(),
        "division": lambda: torch.where(x > 0, x / x.relu(), 0.0).sum(),
        "tanh": lambda: x.tanh().sum(),
        "shapes": lambda: (x @ x[:-1]).sum(),
        "no_graph": lambda: x.detach().sum(),
    }
    return losses[kind]
