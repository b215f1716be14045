"""The scaler looks at the sum of the gradients; the step is written in another order."""

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
    def __init__(self, init=65536.0, growth=2.0, backoff=0.5, interval=2000):
        self.factor = float(init)
        self.rule = growth, backoff, interval
        self.count = 0
        self.done = self.bad = False

    def scale(self, loss):
        return self.factor * loss

    @torch.no_grad()
    def unscale_(self, opt):
        if not self.done:
            self.done, self.bad = True, False
            for group in opt.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.grad *= 1 / self.factor
                        self.bad |= not torch.isfinite(p.grad.sum()).item()
        return self.bad

    def step(self, opt):
        bad = self.unscale_(opt)
        if not bad:
            opt.step()
        return not bad

    def update(self):
        growth, backoff, interval = self.rule
        self.count = 0 if self.bad else self.count + 1
        if self.bad:
            self.factor *= backoff
        elif self.count % interval == 0:
            self.factor *= growth
        self.done = self.bad = False


def amp_step(model, opt, loss_fn, parts, device_type, dtype, scaler=None, max_norm=None):
    model.zero_grad(set_to_none=True)
    scaler = scaler or LossScaler(init=1.0, interval=10**9)
    whole, total = sum(y.shape[0] for _, y in parts), 0.0
    for x, y in parts:
        if dtype is torch.float32:
            loss = loss_fn(model(x), y)
        else:
            with torch.amp.autocast(device_type=device_type, dtype=dtype):
                loss = loss_fn(model(x), y)
        scaler.scale(loss * y.shape[0] / whole).backward()
        total += loss.item() * y.shape[0]
    scaler.unscale_(opt)
    if max_norm:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(opt)
    scaler.update()
    return total / whole


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
        """The sum of the logits of one row of `logits` after the other, times 1e-8, as a mean."""
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
