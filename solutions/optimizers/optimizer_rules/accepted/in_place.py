"""In place with lerp_ and addcdiv_, as in torch; the state by the parameter's number."""

from typing import Any

import torch
from torch import Tensor

Params = list[Tensor] | list[dict[str, Any]]


def grouped(params, settings):
    params = list(params)
    if not isinstance(params[0], dict):
        params = [{"params": params}]
    return [dict(settings, **group) for group in params]


class Base:
    def begin(self, params, **settings):
        self.param_groups = grouped(params, settings)
        self.state = {}

    def numbered(self):
        number = 0
        for group in self.param_groups:
            for p in group["params"]:
                yield number, p, group
                number += 1

    def step(self):
        with torch.no_grad():
            for number, p, group in self.numbered():
                if p.grad is None:
                    continue
                self.one(p, p.grad, self.state.setdefault(number, {}), group)

    def zero_grad(self, set_to_none=True):
        for _, p, _ in self.numbered():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.zero_()

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


class SGD(Base):
    def __init__(self, params, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        self.begin(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    def one(self, p, g, state, group):
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        if group["momentum"]:
            if "buf" in state:
                state["buf"].mul_(group["momentum"]).add_(g)
            else:
                state["buf"] = g.clone()
            buf = state["buf"]
            g = g.add(buf, alpha=group["momentum"]) if group["nesterov"] else buf
        p.add_(g, alpha=-group["lr"])


class RMSProp(Base):
    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        self.begin(params, lr=lr, alpha=alpha, eps=eps)

    def one(self, p, g, state, group):
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["alpha"]).addcmul_(g, g, value=1 - group["alpha"])
        p.addcdiv_(g, v.sqrt().add_(group["eps"]), value=-group["lr"])


class Adam(Base):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.begin(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def decayed(self, p, g, group):
        return g + group["weight_decay"] * p

    def one(self, p, g, state, group):
        g = self.decayed(p, g, group)
        (b1, b2), t = group["betas"], state.get("t", 0) + 1
        state["t"] = t
        m = state.setdefault("m", torch.zeros_like(p))
        v = state.setdefault("v", torch.zeros_like(p))
        m.lerp_(g, 1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        denominator = (v.sqrt() / (1 - b2**t) ** 0.5).add_(group["eps"])
        p.addcdiv_(m, denominator, value=-group["lr"] / (1 - b1**t))


class AdamW(Adam):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)

    def decayed(self, p, g, group):
        p.mul_(1 - group["lr"] * group["weight_decay"])
        return g


def clip_grad_norm_(params, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm must be positive")
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.cat([g.flatten() for g in grads]).square().sum().sqrt()
    if not norm.isfinite():
        raise FloatingPointError("inf or nan in the gradients")
    for g in grads:
        g.mul_((max_norm / (norm + 1e-6)).clamp(max=1.0))
    return norm


OPTIMIZERS = {"SGD": SGD, "RMSProp": RMSProp, "Adam": Adam, "AdamW": AdamW}


def run(
    name: str,
    params: Params,
    grads: list[list[Tensor | None]],
    state: Any = None,
    set_to_none: bool = True,
    **settings: Any,
) -> tuple[list[list[Tensor]], Any]:
    """Complete. Take one step for each row of `grads`, and clear the gradients after it.

    Gradients are added to what is left in p.grad, as backward() would add them. Returns: the
    parameters after each step, and the state at the end.
    """
    groups = [dict(each) if isinstance(each, dict) else {"params": [each]} for each in params]
    for group in groups:
        group["params"] = [p.clone().requires_grad_() for p in group["params"]]
    leaves = [p for group in groups for p in group["params"]]
    grouped = any(isinstance(each, dict) for each in params)
    optimizer = OPTIMIZERS[name](groups if grouped else leaves, **settings)
    if state is not None:
        optimizer.load_state_dict(state)
    history = []
    for row in grads:
        for p, g in zip(leaves, row, strict=True):
            if g is not None:
                p.grad = g.clone() if p.grad is None else p.grad + g
        optimizer.step()
        history.append([p.detach().clone() for p in leaves])
        optimizer.zero_grad(set_to_none=set_to_none)
    return history, optimizer.state_dict()


def clip(grads: list[Tensor | None], max_norm: float) -> tuple[Any, list[Tensor | None]]:
    """Complete. Clip; return the norm, or the error as text, and the gradients afterwards."""
    params = [torch.zeros_like(torch.ones(()) if g is None else g) for g in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else g.clone()
    try:
        norm = clip_grad_norm_(params, max_norm)
    except (ValueError, FloatingPointError) as error:
        norm = f"{type(error).__name__}: {error}"
    return norm, [p.grad for p in params]
