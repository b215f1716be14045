"""The usual optimizers. Edit this file, then run `grade optimizer_rules`.

`params` is a list of tensors, or a list of groups, each a dict such as

    {"params": [w, b], "lr": 0.1, "weight_decay": 0.0}

A group may have its own value for every argument of the constructor; what it leaves out is taken
from the constructor. The rules below are for one parameter p with gradient g = p.grad. t is the
number of its steps, this one included. Running values start at 0.

Conventions, for all four:
    step()              changes every p in place, under torch.no_grad(), and leaves the gradients
                        as they are. Where p.grad is None, p is skipped: it does not move, its
                        running values stay, and its t does not count this step.
    zero_grad(set_to_none=True)
                        p.grad becomes None; with set_to_none=False, a p.grad that is there is
                        filled with zeros
    state_dict()        what a second optimizer over equal params needs to go on: running values
                        and t of every parameter. Dicts (keys are text or whole numbers), lists,
                        tensors, numbers and None only; lr and the other settings are not needed.
                        The second optimizer has other tensors, so call each parameter by its
                        place (0, 1, ...) and not by its id.
    load_state_dict(s)  goes on from there, equal to the bit
    order of decay      L2 is added to g before anything else; AdamW decays before its step
    dtype               that of p

Not available here: `torch.optim` and torch's own clipping, since this exercise is what they do.
`run` and `clip` at the end are what the grader calls. They are complete: leave them as they are.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

Params = list[Tensor] | list[dict[str, Any]]


class SGD:
    """g = g + weight_decay * p;  v = momentum * v + g;  p = p - lr * v.

    nesterov: p = p - lr * (g + momentum * v), with the new v. With momentum 0: p = p - lr * g.
    """

    def __init__(
        self,
        params: Params,
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        raise NotImplementedError("SGD: your code goes here")


class RMSProp:
    """v = alpha * v + (1 - alpha) * g^2;  p = p - lr * g / (sqrt(v) + eps)."""

    def __init__(self, params: Params, lr: float, alpha: float = 0.99, eps: float = 1e-8) -> None:
        raise NotImplementedError("RMSProp: your code goes here")


class Adam:
    """Adam, where weight decay is L2: it is added to the gradient.

    g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
    p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        raise NotImplementedError("Adam: your code goes here")


class AdamW:
    """Adam, where the weights decay by themselves: first p = p * (1 - lr * weight_decay).

    Then Adam's step with m and v of the plain gradient.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        raise NotImplementedError("AdamW: your code goes here")


def clip_grad_norm_(params: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients in place so that their common L2 norm is at most max_norm.

    The norm is that of all gradients laid end to end; where p.grad is None, p is skipped, and at
    least one gradient is there. Below max_norm nothing changes; above it the factor is
    max_norm / norm, or max_norm / (norm + 1e-6) as in torch.

    Returns: the norm before clipping, a tensor of shape () and of the gradients' dtype.
    Raises: ValueError, naming max_norm, if max_norm <= 0; FloatingPointError if the norm is inf or
    nan. In both cases no gradient has changed.
    """
    raise NotImplementedError("clip_grad_norm_: your code goes here")


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
    norm: Any
    try:
        norm = clip_grad_norm_(params, max_norm)
    except (ValueError, FloatingPointError) as error:
        norm = f"{type(error).__name__}: {error}"
    return norm, [p.grad for p in params]
