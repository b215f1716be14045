"""Gradients cleared after the step as well, clipping by hand, momentum instead of Adam."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]

ORDER = ("forward", "loss", "zero_grad", "backward", "clip", "step")
MAY_BE_MISSING = ("clip",)
PROVES = ("capacity", "output_fits_loss", "label_format", "wiring")


def train_step(model, opt, loss_fn, xb, yb, max_norm=None):
    model.train(True)
    loss = loss_fn(model(xb), yb)
    for p in model.parameters():
        p.grad = None
    loss.backward()
    if max_norm is not None:
        length = sum(p.grad.square().sum() for p in model.parameters()).sqrt()
        for p in model.parameters():
            p.grad.mul_((max_norm / length).clamp(max=1))
    opt.step()
    opt.zero_grad()
    return float(loss.detach())


def first_loop(epochs: int = 20, lr: float = 0.1) -> dict[int, float]:
    torch.manual_seed(42)
    model = nn.Linear(1, 1)
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    losses = [train_step(model, opt, nn.MSELoss(), x, 2 * x) for _ in range(epochs)]
    return {epoch: losses[epoch] for epoch in (0, 1, 5, 19) if epoch < epochs}


def overfit_one_batch(model: nn.Module, xb: Tensor, yb: Tensor, steps: int) -> list[float]:
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return [train_step(model, opt, nn.CrossEntropyLoss(), xb, yb) for _ in range(steps)]


def mlp(sizes: list[int]) -> nn.Module:
    layers: list[nn.Module] = []
    for k in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[k], sizes[k + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def normalised(features: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm1d(features), nn.Linear(features, classes))


def optimiser(model: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr)
    momentum = 0.9 if name == "momentum" else 0.0
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


def stain(model: nn.Module) -> None:
    for p in model.parameters():
        p.grad = torch.full_like(p, 3.0)


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits, y)


def squared_error(out: Tensor, y: Tensor) -> Tensor:
    return nn.functional.mse_loss(out, y)
