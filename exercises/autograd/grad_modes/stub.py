"""Weights that change outside of the graph. Edit this file, then run `grade grad_modes`.

Conventions, for the two updates:
- They work in place: the very tensors of the list get new values, in the memory that they have.
  Whoever looks at that memory (a module, an optimizer, a view) sees the change.
- They leave no trace in a graph: leaves stay leaves, and `requires_grad` stays what it was.
- `.grad` is read and never changed; to clear it is the business of zero_grad.
- They return None.

Not available here: `.data`, which hides a change from autograd's own checks, and torch.optim, since
you build a piece of it.
"""

import torch
from torch import Tensor


def sgd_update_(params: list[Tensor], lr: float) -> None:
    """p becomes p - lr * p.grad, for each p of params; one whose grad is None stays as it is.

    params are leaves that require grad, of any shapes, float32 or float64.
    """
    raise NotImplementedError("sgd_update_: your code goes here")


def ema_update_(target: list[Tensor], online: list[Tensor], tau: float) -> None:
    """Each t of target becomes (1 - tau) * t + tau * o, with the o of online in the same place.

    tau is small in use: the target follows slowly. online is not changed. Both lists hold leaves;
    each of them may or may not require grad.
    Raises: ValueError naming `online`, if the lists differ in length.
    """
    raise NotImplementedError("ema_update_: your code goes here")


def stop_grad_mse(pred: Tensor, target: Tensor) -> Tensor:
    """The mean of (pred - target)^2 over all entries, with no gradient into target.

    The gradient by pred is the usual one. Neither is changed.
    Shapes: pred and target alike, any; returns ().
    Raises: ValueError naming `target`, if the shapes differ: (N, 1) and (N,) would broadcast.
    """
    raise NotImplementedError("stop_grad_mse: your code goes here")


def updated(params: list[Tensor], grads: list[Tensor | None], lr: float, steps: int) -> list[dict]:
    """Given, leave it as it is: what `steps` calls of sgd_update_ leave of these parameters.

    The grader asks this way, because tensors that it sends are no leaves with a gradient.
    """
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
    """Given, leave it as it is: the same for ema_update_; first the targets, then the online ones.

    The online ones require grad; the targets do where `tracked` is True.
    """
    targets = [each.clone().requires_grad_(tracked) for each in target]
    onlines = [each.clone().requires_grad_() for each in online]
    leaves = [*targets, *onlines]
    views = [leaf.detach() for leaf in leaves]
    for _ in range(steps):
        ema_update_(targets, onlines, tau)
    return facts(leaves, views, [*targets, *onlines])


def facts(leaves: list[Tensor], views: list[Tensor], passed: list[Tensor]) -> list[dict]:
    """Given, leave it as it is: what can be seen of each leaf."""
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
