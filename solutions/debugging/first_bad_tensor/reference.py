"""Hooks see every module once it is done, and everything is put back as it was."""

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn


def is_bad(value) -> bool:
    """Whether a tensor, or one anywhere in a tuple or list, holds nan or inf."""
    if isinstance(value, Tensor):
        return not bool(torch.isfinite(value).all())
    return isinstance(value, tuple | list) and any(is_bad(each) for each in value)


def watch(model: nn.Module, x: Tensor, see: Callable) -> None:
    """Run model(x), and call see(name, module, inputs, output) whenever a module is done."""
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: see(name, module, inputs, output)
        )
        for name, module in model.named_modules()
    ]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
        for name, buffer in model.named_buffers():
            buffer.copy_(before[name])


def first_nonfinite(model: nn.Module, x: Tensor) -> str | None:
    if is_bad(x):
        return "input"
    for name, p in model.named_parameters():
        if is_bad(p):
            return f"param:{name}"
    found = []

    def see(name, module, inputs, output):
        if is_bad(output) and not is_bad(inputs):
            found.append(name or "model")

    watch(model, x, see)
    return found[0] if found else None


def grad_report(model: nn.Module) -> dict[str, dict[str, float | bool | int | None]]:
    report = {}
    for name, p in model.named_parameters():
        if p.grad is None:
            report[name] = {"none": True, "norm": None, "nonfinite": 0, "ratio": None}
            continue
        norm, size = p.grad.double().norm().item(), p.detach().double().norm().item()
        nonfinite = int((~torch.isfinite(p.grad)).sum())
        ratio = norm / size if size else None
        report[name] = {"none": False, "norm": norm, "nonfinite": nonfinite, "ratio": ratio}
    return report


def dead_relu(model: nn.Module, x: Tensor) -> dict[str, float]:
    shares = {}

    def see(name, module, inputs, output):
        if isinstance(module, nn.ReLU):
            dead = (output == 0).all(dim=0)
            shares[name or "model"] = dead.float().mean().item()

    watch(model, x, see)
    return shares


def where_backward(fn: Callable[[], Tensor]) -> str | None:
    try:
        with torch.autograd.detect_anomaly():
            fn().backward()
    except RuntimeError as error:
        named = re.match(r"Function '(\w+)' returned nan values", str(error))
        if named is None:
            raise
        return named[1]
    return None


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
