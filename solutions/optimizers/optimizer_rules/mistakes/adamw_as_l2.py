"""Your AdamW adds the decay to the gradient. That is Adam with L2: there the decay is divided by
sqrt(v) as well. Multiply p by 1 - lr * weight_decay, and leave g alone.
caught by: check_adamw
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

Params = list[Tensor] | list[dict[str, Any]]


class Optimizer:
    """Groups of parameters, and one dict of running values per parameter."""

    def __init__(self, params: Params, **settings: Any) -> None:
        groups = params if isinstance(params[0], dict) else [{"params": params}]
        self.groups = [{**settings, **group} for group in groups]
        self.rows = [(p, group) for group in self.groups for p in group["params"]]
        self.states: list[dict[str, Any]] = [{"t": 0} for _ in self.rows]

    @torch.no_grad()
    def step(self) -> None:
        for (p, group), state in zip(self.rows, self.states, strict=True):
            if p.grad is not None:
                state["t"] += 1
                self.update(p, p.grad, state, group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p, _ in self.rows:
            if p.grad is not None:
                p.grad = None if set_to_none else torch.zeros_like(p.grad)

    def state_dict(self) -> dict[str, Any]:
        return {"states": [copied(state) for state in self.states]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.states = [copied(each) for each in state["states"]]


def copied(state: dict[str, Any]) -> dict[str, Any]:
    return {k: v.clone() if isinstance(v, Tensor) else v for k, v in state.items()}


def running(state: dict[str, Any], name: str, p: Tensor, decay: float, new: Tensor) -> Tensor:
    """The running value `name` of a parameter, after it has taken in `new`."""
    state[name] = decay * state.get(name, torch.zeros_like(p)) + new
    return state[name]


class SGD(Optimizer):
    def __init__(self, params, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        settings = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
        super().__init__(params, lr=lr, **settings)

    def update(self, p, g, state, group):
        g = g + group["weight_decay"] * p
        v = running(state, "v", p, group["momentum"], g)
        p -= group["lr"] * (g + group["momentum"] * v if group["nesterov"] else v)


class RMSProp(Optimizer):
    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps)

    def update(self, p, g, state, group):
        v = running(state, "v", p, group["alpha"], (1 - group["alpha"]) * g**2)
        p -= group["lr"] * g / (v.sqrt() + group["eps"])


def adam_step(p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    beta1, beta2 = group["betas"]
    m = running(state, "m", p, beta1, (1 - beta1) * g)
    v = running(state, "v", p, beta2, (1 - beta2) * g**2)
    m_hat, v_hat = m / (1 - beta1 ** state["t"]), v / (1 - beta2 ** state["t"])
    p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])


class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        adam_step(p, g + group["weight_decay"] * p, state, group)


class AdamW(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        adam_step(p, g + group["weight_decay"] * p, state, group)


def clip_grad_norm_(params: Iterable[Tensor], max_norm: float) -> Tensor:
    """The norm of all gradients is the norm of their norms."""
    if max_norm <= 0:
        raise ValueError(f"max_norm must be above 0, not {max_norm}")
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm()
    if not math.isfinite(norm):
        raise FloatingPointError(f"the norm of the gradients is {norm}")
    for g in grads:
        g *= min(1.0, max_norm / float(norm)) if norm > 0 else 1.0
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
