"""Comparing one answer with the expected one: type, shape, dtype and finiteness come first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor

Check = TypeVar("Check", bound=Callable[..., Any])
# (relative, absolute) for sums of a few terms; measured worst errors lie 10 times lower.
TOLERANCE = {
    torch.float64: (1e-9, 1e-10),
    torch.float32: (1e-5, 1e-6),
    torch.float16: (2e-3, 2e-3),
    torch.bfloat16: (2e-2, 2e-2),
}


class Mismatch(AssertionError):
    """A claim does not hold; carries what a report shows side by side."""

    line: int | None = None
    """Of the submission, where it is known."""

    def __init__(
        self,
        message: str,
        *,
        expected: Tensor | None = None,
        got: Tensor | None = None,
        at: tuple[int, ...] | None = None,
        error: float | None = None,
        allowed: float | None = None,
        next_step: str = "",
    ) -> None:
        super().__init__(message)
        self.expected, self.got, self.at = expected, got, at
        self.error, self.allowed, self.next_step = error, allowed, next_step


def weight(points: float) -> Callable[[Check], Check]:
    """Give a check its share of the exercise's points, relative to the others; usually 1."""

    def mark(check: Check) -> Check:
        check.weight = points  # type: ignore[attr-defined]
        return check

    return mark


def merit(check: Check) -> Check:
    """Mark a check that earns points but is not needed to pass."""
    check.merit = True  # type: ignore[attr-defined]
    return check


def generator(seed: int) -> torch.Generator:
    """A CPU generator with this seed."""
    return torch.Generator().manual_seed(seed)


def randn(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Normal numbers rounded to two digits, so that a counterexample can be read."""
    values = torch.randn(shape, generator=generator(seed), dtype=torch.float64)
    return values.mul(100).round().div(100).to(dtype)


def unpack(value: Any, count: int, what: str) -> tuple[Any, ...]:
    """The parts of a tuple or list. Raises: Mismatch if `value` has not `count` parts."""
    if isinstance(value, tuple | list) and len(value) == count:
        return tuple(value)
    raise Mismatch(f"{what}: returned {describe(value)}, expected {count} values")


def assert_tensor(
    value: Any,
    what: str,
    *,
    shape: tuple[int, ...] | None = None,
    dtype: torch.dtype | None = None,
    finite: bool = True,
) -> Tensor:
    """The value itself, if it is a tensor of this shape and dtype without inf or nan.

    Raises: Mismatch. The order of the tests keeps a hostile tensor cheap.
    """
    wanted = f"a tensor of shape {tuple(shape)}" if shape is not None else "a tensor"
    if not isinstance(value, Tensor):
        raise Mismatch(f"{what}: returned {describe(value)}, expected {wanted}")
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise Mismatch(f"{what}: shape {tuple(value.shape)}, expected {tuple(shape)}", got=value)
    if dtype is not None and value.dtype is not dtype:
        raise Mismatch(f"{what}: dtype {_short(value.dtype)}, expected {_short(dtype)}", got=value)
    if finite and value.is_floating_point() and not bool(value.isfinite().all()):
        bad = ~value.isfinite()
        message = f"{what}: {int(bad.sum())} of {value.numel()} values are inf or nan"
        raise Mismatch(message, got=value, at=_first(bad))
    return value


def assert_close(
    got: Any,
    expected: Tensor,
    what: str,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    next_step: str = "",
) -> None:
    """|got - expected| <= atol + rtol * |expected| everywhere, and equal shape and dtype.

    Args:
        expected  of any dtype; a reference computed in float64 may be passed `.to(dtype)`
        rtol, atol  from the dtype where not given: see TOLERANCE
    Raises: Mismatch with the first and the largest difference.
    """
    shape, dtype = tuple(expected.shape), expected.dtype
    finite = bool(expected.isfinite().all()) if expected.is_floating_point() else True
    value = assert_tensor(got, what, shape=shape, dtype=dtype, finite=finite)
    if not expected.is_floating_point():
        assert_equal(value, expected, what)
        return
    relative, absolute = TOLERANCE[dtype]
    rtol, atol = relative if rtol is None else rtol, absolute if atol is None else atol
    wide, want = value.double(), expected.double()
    # Beside an expected inf nothing but inf is close, so its size must not widen the tolerance.
    allowed = atol + rtol * torch.where(want.isfinite(), want.abs(), 0.0)
    gap = torch.where(wide == want, 0.0, (wide - want).abs())
    gap = gap.nan_to_num(torch.inf, posinf=torch.inf)
    wrong = ~(gap <= allowed) & ~(wide.isnan() & want.isnan())
    if not bool(wrong.any()):
        return
    worst = _first(gap == gap[wrong].max())
    at = _first(wrong)
    message = f"{what}: {_sides(value[at], expected[at])}"
    message += f" at {list(at)}" if at else ""
    error, limit = float(gap[worst]), float(allowed[worst])
    raise Mismatch(
        message,
        expected=expected,
        got=value,
        at=at,
        error=error,
        allowed=limit,
        next_step=next_step,
    )


def assert_equal(got: Any, expected: Tensor, what: str, *, next_step: str = "") -> None:
    """Equal without tolerance, nan to nan. Raises: Mismatch with the first difference."""
    value = assert_tensor(
        got, what, shape=tuple(expected.shape), dtype=expected.dtype, finite=False
    )
    wrong = value != expected
    if value.is_floating_point():
        wrong &= ~(value.isnan() & expected.isnan())
    if bool(wrong.any()):
        at = _first(wrong)
        where = f" at {list(at)}" if at else ""
        message = f"{what}: {_sides(value[at], expected[at])}{where}"
        raise Mismatch(message, expected=expected, got=value, at=at, next_step=next_step)


@contextmanager
def assert_raises(what: str, *kinds: str, naming: str = "") -> Iterator[None]:
    """The block must raise an exception of one of these kinds, in the submission.

    Args: naming, a word that the message must contain: the offending argument.
    """
    kinds = kinds or ("ValueError",)
    try:
        yield
    except Exception as error:
        kind = getattr(error, "kind", None)
        if kind is None:
            raise
        if kind not in kinds:
            raise Mismatch(f"{what}: raised {kind}, expected {' or '.join(kinds)}") from None
        word = rf"(?<!\w){re.escape(naming)}(?!\w)"
        if naming and not re.search(word, getattr(error, "message", "")):
            raise Mismatch(f"{what}: the message of {kind} does not name `{naming}`") from None
        return
    raise Mismatch(f"{what}: returned, expected {' or '.join(kinds)}")


def describe(value: Any) -> str:
    """A value in a few words: "None", "a list of 3", "a tensor of shape (2, 3)"."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    name = getattr(getattr(value, "handle", None), "name", type(value).__name__)
    return f"an object of type {name}"


def _first(where: Tensor) -> tuple[int, ...]:
    flat = int(where.reshape(-1).to(torch.uint8).argmax())
    return tuple(int(i) for i in torch.unravel_index(torch.tensor(flat), where.shape))


def _sides(got: Tensor, expected: Tensor) -> str:
    """Both numbers, with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 17):
        shown = _number(got, digits), _number(expected, digits)
        if shown[0] != shown[1]:
            break
    return f"got {shown[0]}, expected {shown[1]}"


def _number(value: Tensor, digits: int) -> str:
    return f"{value.item():.{digits}g}" if value.is_floating_point() else str(value.item())


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
