import math

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    randn,
    tensors,
    weight,
)

WIDTHS = st.sampled_from([1.0, 0.5, 0.25, 3.0])


def by_pieces(y, h):
    """The area of one trapezoid after the other, in float64, rounded once at the end."""
    wide, area = y.double(), torch.zeros(y.shape[:-1], dtype=torch.float64)
    for i in range(y.shape[-1] - 1):
        area += h * (wide[..., i] + wide[..., i + 1]) / 2
    return area.to(y.dtype)


def by_weights(y, h):
    """Simpson's rule as textbooks print it: h / 3 times 1 4 2 4 ... 2 4 1."""
    weights = torch.tensor([2.0, 4.0]).double().repeat(y.shape[-1] // 2 + 1)[: y.shape[-1]]
    weights[[0, -1]] = 1
    return (y.double() @ weights * h / 3).to(y.dtype)


def odd(y):
    """The same with an odd number of values in each row, and at least three."""
    return torch.cat([y, y, y[..., :1]], -1)


@weight(3)
@given(y=tensors(max_side=6), h=WIDTHS)
@example(y=torch.tensor([[1.0, 2.0, 4.0], [3.0, -1.0, 0.5]]), h=0.5)
def check_trapezoid(submission, y, h):
    """trapezoid adds up the areas of all trapezoids, for each row of any shape."""
    y = torch.cat([y, y[..., :1] + 1], -1)
    assert_close(submission.trapezoid(y, h), by_pieces(y, h), "trapezoid(y, h)", atol=1e-5)


@weight(3)
@given(y=tensors(max_side=4), h=WIDTHS)
@example(y=torch.tensor([[1.0, 2.0], [3.0, -1.0]]), h=0.5)
def check_simpson(submission, y, h):
    """simpson equals h / 3 (y_0 + 4 y_1 + 2 y_2 + ... + 4 y_(n-1) + y_n), for each row."""
    y = odd(y)
    assert_close(submission.simpson(y, h), by_weights(y, h), "simpson(y, h)", atol=1e-5)


def check_from_right_to_left(submission):
    """With a negative h the integral changes its sign."""
    y = torch.tensor([1.0, 2.0, 4.0])
    assert_close(submission.trapezoid(y, -0.5), by_pieces(y, -0.5), "trapezoid(y, -0.5)")
    assert_close(submission.simpson(y, -0.5), by_weights(y, -0.5), "simpson(y, -0.5)")


def check_order(submission, record):
    """Points twice as close make a quarter of trapezoid's error, and a sixteenth of simpson's."""
    counts, series = (4, 8, 16, 32), {}
    for name, order in (("trapezoid", 2), ("simpson", 4)):
        errors = []
        for n in counts:
            y = torch.linspace(0, 1, n + 1, dtype=torch.float64).exp()
            got = assert_tensor(getattr(submission, name)(y, 1 / n), name, shape=())
            errors.append(max(abs(float(got) - (math.e - 1)), 1e-300))
        logs = zip(map(math.log2, counts), map(math.log10, errors), strict=True)
        series[name] = tuple(logs)
        measured = math.log2(errors[0] / errors[-1]) / 3
        record.measure(f"order of {name}", measured, bar=order - 0.1)
        if abs(measured - order) > 0.1:
            fell = f"the error of exp fell by {2**measured:.3g} where h was halved"
            raise Mismatch(f"{name}: {fell}, expected {2**order}")
    record.curve(
        title="Error of both rules for exp from 0 to 1",
        x_label="log2 of the number of pieces",
        y_label="log10 of the error",
        series=series,
        levels={},
    )


def check_keeps_its_input(submission):
    """y is the same after the call as before."""
    y = randn(2, 5, seed=1)
    assert_keeps_inputs(submission.trapezoid, y, 0.5)
    assert_keeps_inputs(submission.simpson, y, 0.5)


def check_refuses_short_rows(submission):
    """Too few values, or an even number for simpson, raise a ValueError that names y."""
    for name, count in (("trapezoid", 1), ("trapezoid", 0), ("simpson", 1), ("simpson", 4)):
        with assert_raises(f"{name} of {count} values", naming="y"):
            getattr(submission, name)(torch.ones(2, count), 1.0)
