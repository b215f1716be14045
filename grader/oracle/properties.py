"""Invariances: what must change, what must not, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.oracle.values import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_tensor,
    generator,
)


def assert_causal(
    f: Callable[[Tensor], Any], x: Tensor, changed: Tensor, what: str, *, atol: float = 0
) -> None:
    """Outputs up to position t stay as they are when inputs after t change, for every t.

    Args:
        f        takes (B, T, ...) and returns (B, T, ...)
        x        the input; `changed` is another one of the same shape, different everywhere
        atol     how far they may move; 0, equal to the bit, is fair as the shapes are equal
    Raises: Mismatch naming the position.
    """
    before = _alike(f(x), x, (0, 1), what)
    for t in range(x.shape[1] - 1):
        mixed = x.clone()
        mixed[:, t + 1 :] = changed[:, t + 1 :]
        after = assert_tensor(f(mixed), what, shape=tuple(before.shape))
        seen = f"{what}: position {t} sees what comes after it"
        step = "let position t rest on positions 0 to t alone: see the mask, or what mixes them"
        if atol:
            ours, theirs = before[:, : t + 1], after[:, : t + 1]
            assert_close(theirs, ours, seen, rtol=0, atol=atol, next_step=step)
        else:
            assert_equal(after[:, : t + 1], before[:, : t + 1], seen, next_step=step)


def assert_batch_independent(
    f: Callable[[Tensor], Any], x: Tensor, what: str, *, atol: float = 1e-6
) -> None:
    """Each row of a batch (B, ...) alone gives what it gives among the others."""
    whole = _alike(f(x), x, (0,), what)
    for row in range(x.shape[0]):
        alone = f(x[row : row + 1].clone())
        expected = whole[row : row + 1]
        assert_close(alone, expected, f"{what}: row {row} alone", rtol=1e-5, atol=atol)


def assert_permutation_equivariant(
    f: Callable[[Tensor], Any], x: Tensor, what: str, *, axis: int = 1, seed: int = 0
) -> None:
    """Permuting the input along an axis permutes the output alike."""
    order = torch.randperm(x.shape[axis], generator=generator(seed))
    if torch.equal(order, torch.arange(len(order))):
        order = order.roll(1)
    straight = _alike(f(x), x, (axis,), what)
    permuted = f(x.index_select(axis, order))
    expected = straight.index_select(axis, order)
    assert_close(permuted, expected, f"{what} of permuted positions")


def assert_keeps_inputs(f: Any, *args: Any, what: str = "", **kwargs: Any) -> None:
    """A remote function leaves its tensor arguments as they were."""
    what = what or f.label
    _, after, by_name = f.keeping(*args, **kwargs)
    pairs = {f"argument {i + 1}": pair for i, pair in enumerate(zip(args, after, strict=False))}
    pairs |= {f"argument `{key}`": (kwargs[key], by_name.get(key)) for key in kwargs}
    for name, (before, now) in pairs.items():
        if isinstance(before, Tensor):
            assert_equal(now, before, f"{what}: {name} after the call")


def assert_state_round_trip(make: Callable[[], Any], x: Any, what: str) -> None:
    """A second module that loads the first one's state_dict gives the same outputs.

    Every parameter and buffer that matters must be registered, or the copy differs.
    """
    first, second = make().eval(), make().eval()
    state = first.state_dict()
    if not isinstance(state, dict) or not state:
        raise Mismatch(f"{what}: state_dict() is empty; no parameter is registered")
    second.load_state_dict(state)
    expected = assert_tensor(first(x), what)
    assert_close(second(x), expected, f"{what}: a copy with the same state_dict")


def _alike(value: Any, x: Tensor, axes: tuple[int, ...], what: str) -> Tensor:
    """The output, if it is as long as the input along these axes. Raises: Mismatch."""
    out = assert_tensor(value, what)
    if out.ndim <= max(axes) or any(out.shape[axis] != x.shape[axis] for axis in axes):
        named = ", ".join(f"{x.shape[axis]} along axis {axis}" for axis in axes)
        raise Mismatch(f"{what}: shape {tuple(out.shape)}, expected {named}", got=out)
    return out
