"""Gradients against central differences of the submission's own forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from grader.oracle.values import Mismatch, assert_tensor, generator

ENTRIES = 64


def assert_gradient(
    f: Any,
    *args: Any,
    eps: float = 1e-5,
    rtol: float = 1e-4,
    atol: float = 1e-7,
    what: str = "",
    **kwargs: Any,
) -> None:
    """The backward pass of `f` agrees with central differences of `f` itself.

    Args:
        f       a remote function or module with one tensor as output
        args    every floating tensor among them must be float64, at least 1e-3 from a kink
        eps     step, in units of the argument; the error of the difference is O(eps^2)
    Raises: Mismatch with the entry that differs; SubmissionError if `f` raised.
    Cost: two forward passes, one backward pass, and two forward passes for each argument.
    Source: central differences, as in torch.autograd.gradcheck.
    """
    what = what or getattr(f, "label", "f")
    out = assert_tensor(f(*args, **kwargs), what)
    if not out.is_floating_point():
        raise Mismatch(f"{what}: a tensor of dtype {str(out.dtype)[6:]} has no gradient", got=out)
    cotangent = torch.randn(out.shape, generator=generator(1), dtype=out.dtype)
    gradients = f.vjp(*args, cotangent=cotangent, **kwargs)
    rows = [gradients.inputs.get(i) for i in range(len(args))]
    rows = [
        torch.zeros_like(arg) if row is None and _differentiable(arg) else row
        for row, arg in zip(rows, args, strict=True)
    ]
    assert_differences(
        lambda *point: f(*point, **kwargs),
        args,
        rows,
        cotangent,
        what=f"gradient of {what}",
        eps=eps,
        rtol=rtol,
        atol=atol,
    )


def assert_differences(
    f: Callable[..., Tensor],
    args: Sequence[Any],
    gradients: Sequence[Any],
    cotangent: Tensor,
    *,
    what: str,
    names: Sequence[str] = (),
    eps: float = 1e-5,
    rtol: float = 1e-4,
    atol: float = 1e-7,
) -> None:
    """Given gradients of <f(*args), cotangent> agree with central differences of `f`.

    For each argument x with gradient d and a random direction v:
        <d, v>  must equal  <cotangent, f(x + eps v) - f(x - eps v)> / (2 eps)
    Along one direction first; where that fails, entry by entry, to show which one is wrong.
    Args: gradients, one for each argument; None for an argument that has none.
    Raises: Mismatch. A gradient of wrong type, shape or dtype fails before any arithmetic.
    """
    for i, (arg, gradient) in enumerate(zip(args, gradients, strict=True)):
        if not _differentiable(arg):
            continue
        name = f"{what} by {names[i] if names else f'argument {i + 1}'}"
        gradient = assert_tensor(gradient, name, shape=tuple(arg.shape), dtype=arg.dtype)
        direction = torch.randn(arg.shape, generator=generator(2 + i), dtype=arg.dtype)
        numeric = _slope(f, args, i, direction, cotangent, eps)
        analytic = float((gradient * direction).sum())
        # A direction mixes all entries, so the absolute floor grows with their number.
        allowed = atol * max(1, arg.numel()) ** 0.5 + rtol * abs(numeric)
        if not abs(analytic - numeric) <= allowed:
            _point_out(f, args, i, gradient, cotangent, name, eps, rtol, atol)
            message = f"{name}: along a random direction got {analytic:.6g}, expected {numeric:.6g}"
            raise Mismatch(message, error=abs(analytic - numeric), allowed=allowed)


def _differentiable(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _slope(
    f: Callable[..., Tensor],
    args: Sequence[Any],
    i: int,
    direction: Tensor,
    cotangent: Tensor,
    eps: float,
) -> float:
    values = []
    for sign in (1, -1):
        point = [*args[:i], args[i] + sign * eps * direction, *args[i + 1 :]]
        shape = tuple(cotangent.shape)
        values.append(assert_tensor(f(*point), "the forward pass", shape=shape))
    return float(((values[0] - values[1]) * cotangent).sum() / (2 * eps))


def _point_out(
    f: Callable[..., Tensor],
    args: Sequence[Any],
    i: int,
    gradient: Tensor,
    cotangent: Tensor,
    name: str,
    eps: float,
    rtol: float,
    atol: float,
) -> None:
    """Raise a Mismatch that shows the whole gradient, if it is small enough to be shown."""
    if gradient.numel() > ENTRIES:
        return
    numeric = torch.zeros(gradient.shape, dtype=gradient.dtype)
    for k in range(gradient.numel()):
        unit = torch.zeros(gradient.shape, dtype=gradient.dtype)
        unit.view(-1)[k] = 1
        numeric.view(-1)[k] = _slope(f, args, i, unit, cotangent, eps)
    gap = (gradient - numeric).abs() - (atol + rtol * numeric.abs())
    wrong = (gap > 0).reshape(-1).nonzero()
    if len(wrong) == 0:
        return
    flat = torch.unravel_index(wrong[0, 0], gradient.shape)
    at = tuple(int(k) for k in flat)
    raise Mismatch(
        f"{name}: got {float(gradient[at]):.6g} at {list(at)}, "
        f"finite differences give {float(numeric[at]):.6g}",
        expected=numeric,
        got=gradient,
        at=at,
        error=float((gradient - numeric).abs().max()),
        allowed=float(atol + rtol * numeric[at].abs()),
    )
