"""Your sgd_update_ changes leaves where autograd watches, which torch refuses. Do it under
`torch.no_grad()`.
caught by: check_sgd_steps
"""

import torch
from torch import Tensor


def sgd_update_(params: list[Tensor], lr: float) -> None:
    for p in params:
        if p.grad is not None:
            p -= lr * p.grad


@torch.no_grad()
def ema_update_(target: list[Tensor], online: list[Tensor], tau: float) -> None:
    """t + tau * (o - t) is the same mean, and moves t towards o."""
    if len(target) != len(online):
        raise ValueError(f"online has {len(online)} tensors, and target has {len(target)}")
    for t, o in zip(target, online, strict=True):
        t += tau * (o - t)


def stop_grad_mse(pred: Tensor, target: Tensor) -> Tensor:
    if pred.shape != target.shape:
        raise ValueError(f"target has shape {tuple(target.shape)}, and pred {tuple(pred.shape)}")
    return (pred - target.detach()).square().mean()


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
