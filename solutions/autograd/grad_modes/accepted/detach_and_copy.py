"""detach in place of no_grad, copy_ and lerp_, and a torch loss."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sgd_update_(params, lr):
    for p in params:
        if p.grad is None:
            continue
        p.detach().sub_(p.grad, alpha=lr)


def ema_update_(target, online, tau):
    if len(online) != len(target):
        raise ValueError("target and online must be equally long")
    with torch.no_grad():
        for i in range(len(target)):
            target[i].copy_((1 - tau) * target[i] + tau * online[i])


def stop_grad_mse(pred, target):
    if target.size() != pred.size():
        raise ValueError("pred and target differ in shape")
    with torch.no_grad():
        goal = target.clone()
    return F.mse_loss(pred, goal)


def updated(params: list[Tensor], grads: list[Tensor | None], lr: float, steps: int) -> list[dict]:
    leaves = [each.clone().requires_grad_() for each in params]
    for leaf, grad in zip(leaves, grads, strict=True):
        leaf.grad = grad
    views, passed = [leaf.detach() for leaf in leaves], list(leaves)
    for _ in range(steps):
        sgd_update_(passed, lr)
    return facts(leaves, views, passed)


def averaged(
    target: list[Tensor], online: list[Tensor], tau: float, steps: int, tracked: bool
) -> list[dict]:
    targets = [each.clone().requires_grad_(tracked) for each in target]
    onlines = [each.clone().requires_grad_() for each in online]
    leaves = [*targets, *onlines]
    views = [leaf.detach() for leaf in leaves]
    for _ in range(steps):
        ema_update_(targets, onlines, tau)
    return facts(leaves, views, [*targets, *onlines])


def facts(leaves: list[Tensor], views: list[Tensor], passed: list[Tensor]) -> list[dict]:
    return [
        {
            "value": leaf.detach(),
            "value seen by a view": view,
            "grad": leaf.grad,
            "requires_grad": leaf.requires_grad,
            "is_leaf": leaf.is_leaf,
            "still in the list": other is leaf,
        }
        for leaf, view, other in zip(leaves, views, passed, strict=True)
    ]
