"""Mixed precision. Edit this file, then run `grade amp`.

Available: `torch.autocast`. Not available: torch's `GradScaler`, since you build one.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

# Of which dtype is each result? Under `torch.autocast("cpu", dtype=torch.bfloat16)`, where
# layer = nn.Linear(4, 4), x (8, 4) is float32, y (8,) int64. "float32" or "bfloat16" for each.
DTYPES = {
    "layer(x)": None,
    "layer.weight": None,
    "x + layer(x)": None,
    "x.sum()": None,
    "layer(x) @ layer(x).T": None,
    "cross_entropy(layer(x), y)": None,
    "layer.weight.grad, after backward": None,
}


class LossScaler:
    """Keeps small gradients alive in float16: the loss is multiplied before backward.

    Fields:  factor   float, what the loss is multiplied by now

    In each step: scale, backward, unscale_, step, update, in this order.
    """

    factor: float

    def __init__(
        self,
        init: float = 2.0**16,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ):
        """factor starts at `init`; the others are explained at `update`."""
        raise NotImplementedError("LossScaler: your code goes here")

    def scale(self, loss: Tensor) -> Tensor:
        """loss * factor, still part of the graph."""
        raise NotImplementedError("LossScaler.scale: your code goes here")

    def unscale_(self, opt: torch.optim.Optimizer) -> bool:
        """Divide the gradient of every parameter of `opt` by factor, in place.

        Parameters without a gradient are left alone. A second call before `update` changes
        nothing and gives the same answer.
        Returns: whether any gradient holds an inf or a nan.
        """
        raise NotImplementedError("LossScaler.unscale_: your code goes here")

    def step(self, opt: torch.optim.Optimizer) -> bool:
        """opt.step(), unless there was an inf or a nan; calls unscale_ if nobody has yet.

        Returns: whether opt stepped.
        """
        raise NotImplementedError("LossScaler.step: your code goes here")

    def update(self) -> None:
        """Set the factor for the next step, which begins here.

        After an inf or a nan: factor * backoff, and the count of good steps starts again at 0.
        Else one good step more; when there are `interval` of them in a row: factor * growth, and
        the count starts again at 0.
        """
        raise NotImplementedError("LossScaler.update: your code goes here")


def amp_step(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    parts: list[tuple[Tensor, Tensor]],
    device_type: str,
    dtype: torch.dtype,
    scaler: LossScaler | None = None,
    max_norm: float | None = None,
) -> float:
    """One optimiser step on the micro-batches `parts` together; returns the loss of all rows.

    A part is (x, y); loss_fn(model(x), y) is its mean over its rows, len(y). The step follows
    the mean over ALL rows, so each part counts by its rows; gradients from before do not count.

    Autocast (`device_type`, `dtype`) is on for the forward pass and the loss, and off for all the
    rest, backward too. With dtype float32 it is off throughout. The weights stay float32.

    With a `scaler` the gradients are made of the scaled loss, and unscaled once, after the last
    part; where one is inf or nan, `opt` does not step. `scaler.update()` ends the step.
    With `max_norm` the true gradient of all rows is clipped to that length (`clip_grad_norm_`).

    Returns: the mean loss over all rows, before the step and not scaled, as a Python float.
    """
    raise NotImplementedError("amp_step: your code goes here")


# Given: what the checks look through. Leave it as it is.


class Watched(nn.Module):
    """One hidden layer (no biases), and a record of where autocast was on."""

    def __init__(self, features: int, width: int, classes: int):
        super().__init__()
        self.first = nn.Linear(features, width, bias=False)
        self.last = nn.Linear(width, classes, bias=False)
        self.seen: list[tuple[str, bool, str]] = []

    def note(self, where: str, value: Tensor) -> None:
        on = torch.is_autocast_enabled(value.device.type)
        self.seen.append((where, on, str(value.dtype).removeprefix("torch.")))

    def forward(self, x: Tensor) -> Tensor:
        logits = self.last(torch.tanh(self.first(x)))
        self.note("forward", logits)
        if logits.requires_grad:
            logits.register_hook(lambda gradient: self.note("backward", gradient))
        return logits

    def loss(self, logits: Tensor, y: Tensor) -> Tensor:
        value = cross_entropy(logits, y)
        self.note("loss", value)
        return value

    def faint_loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """The mean over the rows of the sum of their logits, times 1e-8."""
        return logits.float().sum(1).mean() * 1e-8


def sgd(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr)


def adamw(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=lr)


def amp_step_on(
    device: str,
    model: Any,
    parts: list[tuple[Tensor, Tensor]],
    dtype: torch.dtype,
    scaler: LossScaler | None = None,
) -> float:
    """One step with a learning rate of 0.5, with model and parts on this device."""
    model.to(device)
    there = [(x.to(device), y.to(device)) for x, y in parts]
    return amp_step(model, sgd(model, 0.5), model.loss, there, device, dtype, scaler)


def play(scaler: LossScaler, gradients: list[Tensor]) -> list[tuple[float, Tensor, bool]]:
    """Train two parameters from 0 with these gradients and a learning rate of 1.

    Returns: after each step the factor, the parameters, and whether the optimiser stepped.
    """
    w = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))]
    opt, rows = torch.optim.SGD(w, lr=1.0), []
    for gradient in gradients:
        opt.zero_grad()
        scaler.scale((w[0] * gradient[:2]).sum() + (w[1] * gradient[2:]).sum()).backward()
        stepped = scaler.step(opt)
        scaler.update()
        rows.append((scaler.factor, torch.cat([w[0], w[1]]).detach().clone(), stepped))
    return rows


def unscaled(scaler: LossScaler, gradient: Tensor, times: int) -> tuple[list[bool], Tensor]:
    """What `times` calls of unscale_ answer for one scaled gradient, and what is left of it."""
    w = nn.Parameter(torch.zeros_like(gradient))
    opt = torch.optim.SGD([w], lr=1.0)
    scaler.scale((w * gradient).sum()).backward()
    answers: list[Any] = [scaler.unscale_(opt) for _ in range(times)]
    assert w.grad is not None
    return answers, w.grad.clone()
