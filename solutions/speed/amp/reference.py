"""Mixed precision: autocast around forward and loss, and a scaler for float16."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

DTYPES = {
    "layer(x)": "bfloat16",
    "layer.weight": "float32",
    "x + layer(x)": "float32",
    "x.sum()": "float32",
    "layer(x) @ layer(x).T": "bfloat16",
    "cross_entropy(layer(x), y)": "float32",
    "layer.weight.grad, after backward": "float32",
}


class LossScaler:
    """`found` is None until the gradients of this step are unscaled."""

    def __init__(
        self,
        init: float = 2.0**16,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ):
        self.factor, self.growth, self.backoff, self.interval = init, growth, backoff, interval
        self.good = 0
        self.found: bool | None = None

    def scale(self, loss: Tensor) -> Tensor:
        return loss * self.factor

    def unscale_(self, opt: torch.optim.Optimizer) -> bool:
        if self.found is None:
            parameters = [p for group in opt.param_groups for p in group["params"]]
            grads = [p.grad for p in parameters if p.grad is not None]
            for grad in grads:
                grad.div_(self.factor)
            self.found = not all(bool(grad.isfinite().all()) for grad in grads)
        return self.found

    def step(self, opt: torch.optim.Optimizer) -> bool:
        if self.unscale_(opt):
            return False
        opt.step()
        return True

    def update(self) -> None:
        if self.found:
            self.factor *= self.backoff
            self.good = 0
        else:
            self.good += 1
        if self.good == self.interval:
            self.factor *= self.growth
            self.good = 0
        self.found = None


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
    rows = sum(len(y) for _, y in parts)
    mean = 0.0
    opt.zero_grad()
    for x, y in parts:
        with torch.autocast(device_type, dtype=dtype, enabled=dtype != torch.float32):
            loss = loss_fn(model(x), y)
        share = loss * (len(y) / rows)
        (scaler.scale(share) if scaler else share).backward()
        mean += share.item()
    if scaler:
        scaler.unscale_(opt)
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler:
        scaler.step(opt)
        scaler.update()
    else:
        opt.step()
    return mean


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
