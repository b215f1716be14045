"""Every instrument works on a deep copy of the model, so that nothing has to be put back."""

import copy
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn


def numbers(value):
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from numbers(each)


def healthy(value):
    return all(t.isfinite().all() for t in numbers(value))


def first_nonfinite(model, x):
    if not healthy(x):
        return "input"
    bad = [name for name, p in model.named_parameters() if not healthy(p.data)]
    if bad:
        return "param:" + bad[0]
    twin, first = copy.deepcopy(model), []
    names = {module: name for name, module in twin.named_modules()}

    def look(module, inputs, output):
        if not first and healthy(inputs) and not healthy(output):
            first.append(names[module] if names[module] else "model")

    for module in names:
        module.register_forward_hook(look)
    twin(x)
    return first[0] if first else None


def norm(t):
    return (t.detach().double() ** 2).sum().item() ** 0.5


def grad_report(model):
    empty = {"none": True, "norm": None, "nonfinite": 0, "ratio": None}
    report = {name: dict(empty) for name, _ in model.named_parameters()}
    for name, p in model.named_parameters():
        if p.grad is not None:
            bad = (p.grad.isnan() | p.grad.isinf()).sum().item()
            report[name] = {"none": False, "norm": norm(p.grad), "nonfinite": bad, "ratio": None}
            if p.any():
                report[name]["ratio"] = norm(p.grad) / norm(p)
    return report


def dead_relu(model, x):
    twin, dead = copy.deepcopy(model), {}
    for name, module in twin.named_modules():
        if isinstance(module, nn.ReLU):
            key = name or "model"

            def look(module, inputs, output, key=key):
                dead[key] = 1 - output.flatten(1).gt(0).any(0).float().mean().item()

            module.register_forward_hook(look)
    twin(x)
    return dead


def where_backward(fn):
    with warnings.catch_warnings(), torch.autograd.detect_anomaly():
        warnings.simplefilter("ignore")
        loss = fn()
        try:
            loss.backward()
        except RuntimeError as error:
            if "returned nan values" not in str(error):
                raise
            return str(error).split("'")[1]


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
