"""You clip the gradient of each parameter by itself. Their length is taken over all parameters
together.
caught by: check_clips
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]

ORDER = ["zero_grad", "forward", "loss", "backward", "clip", "step"]
MAY_BE_MISSING = ["clip"]
PROVES = ["wiring", "label_format", "output_fits_loss", "capacity"]


def train_step(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    loss_fn: Loss,
    xb: Tensor,
    yb: Tensor,
    max_norm: float | None = None,
) -> float:
    model.train()
    opt.zero_grad()
    out = model(xb)
    loss = loss_fn(out, yb)
    loss.backward()
    if max_norm is not None:
        for p in model.parameters():
            nn.utils.clip_grad_norm_(p, max_norm)
    opt.step()
    return loss.item()


def first_loop(epochs: int = 20, lr: float = 0.1) -> dict[int, float]:
    torch.manual_seed(42)
    model = nn.Linear(1, 1)
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    losses = [train_step(model, opt, nn.MSELoss(), x, 2 * x) for _ in range(epochs)]
    return {epoch: losses[epoch] for epoch in (0, 1, 5, 19) if epoch < epochs}


def overfit_one_batch(model: nn.Module, xb: Tensor, yb: Tensor, steps: int) -> list[float]:
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
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
