import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    merit,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)

DTYPES = st.sampled_from([torch.float64, torch.float64, torch.float32])


def strided(x):
    """The same values, laid out in memory as a transpose."""
    return x.mT.contiguous().mT


def tolerance(dtype):
    return {"rtol": 1e-4, "atol": 1e-5} if dtype is torch.float32 else {}


def case(B=2, C=3, O=4, H=7, W=5, kh=3, kw=2, bias=True, seed=0, dtype=torch.float64, **options):
    """Arguments of conv2d: x, w, b, and a dict of the others."""
    x = strided(randn(B, C, H, W, seed=seed, dtype=dtype))
    w = strided(randn(O, C, kh, kw, seed=seed + 1, dtype=dtype))
    b = randn(O, seed=seed + 2, dtype=dtype) if bias else None
    return x, w, b, options


@st.composite
def cases(draw, dilations=st.just(1)):
    """Images and kernels with unequal sides, in which the kernel fits at least once."""
    kh, kw = draw(sides(1, 3)), draw(sides(1, 3))
    stride, padding, dilation = draw(sides(1, 3)), draw(st.integers(0, 2)), draw(dilations)
    low = [max(1, dilation * (k - 1) + 1 - 2 * padding) for k in (kh, kw)]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    return case(
        B=draw(sides(1, 2)),
        C=draw(sides(1, 3)),
        O=draw(sides(1, 3)),
        H=draw(sides(low[0], 9)),
        W=draw(sides(low[1], 9)),
        kh=kh,
        kw=kw,
        bias=draw(st.booleans()),
        seed=draw(seeds()),
        dtype=draw(DTYPES),
        **options,
    )


def agrees(submission, drawn):
    x, w, b, options = drawn
    expected = F.conv2d(x, w, b, **options)
    said = ", ".join(f"{name}={value}" for name, value in options.items())
    what = f"conv2d(x {tuple(x.shape)}, w {tuple(w.shape)}{', ' + said if said else ''})"
    assert_close(submission.conv2d(x, w, b, **options), expected, what, **tolerance(x.dtype))


@weight(4)
@example(drawn=case())
@example(drawn=case(padding=1))  # a stride of 2 could hide padding on one side
@example(drawn=case(H=6, W=9, stride=2, padding=1))
@example(drawn=case(H=9, W=6, kh=1, kw=3, stride=3, bias=False))
@example(drawn=case(H=2, W=2, kh=3, kw=3, padding=2, dtype=torch.float32))
@given(drawn=cases())
@settings(max_examples=20)
def check_conv2d(submission, drawn):
    """conv2d equals torch's: unequal sides, stride, padding, with and without bias."""
    agrees(submission, drawn)


@weight(2)
@example(drawn=case(dilation=2))
@example(drawn=case(H=9, W=8, stride=2, padding=2, dilation=3))
@given(drawn=cases(dilations=st.sampled_from([2, 3])))
@settings(max_examples=15)
def check_dilation(submission, drawn):
    """conv2d equals torch's with a dilation of 2 or 3."""
    agrees(submission, drawn)


@example(stride=2, seed=0)
@given(stride=sides(1, 3), seed=seeds())
@settings(max_examples=10)
def check_moves_along(submission, stride, seed):
    """conv2d: move the image by the stride, and its output moves by one: the kernel is shared."""
    x, w, b, _ = case(H=11, W=10, seed=seed)
    moved = x.roll((stride, stride), (2, 3))
    outs = submission.conv2d.many([(x, w, b, stride), (moved, w, b, stride)])
    shape = tuple(F.conv2d(x, w, b, stride).shape)
    out, after = (assert_tensor(each, "conv2d(x, w, b, stride)", shape=shape) for each in outs)
    what = "conv2d of the moved image, away from the border"
    assert_close(after[:, :, 1:, 1:], out[:, :, :-1, :-1], what)


def pooled(submission, name, x, k, stride):
    given = [k] if stride is None else [k, stride]
    what = f"{name}(x {tuple(x.shape)}, {', '.join(map(str, given))})"
    expected = getattr(F, name)(x, *given)
    assert_close(getattr(submission, name)(x, *given), expected, what, **tolerance(x.dtype))


STRIDES = st.sampled_from([None, 1, 2, 3])


@weight(2)
@example(H=7, W=4, k=2, stride=None, seed=0, dtype=torch.float32)
@example(H=5, W=8, k=3, stride=2, seed=1, dtype=torch.float64)
@given(H=sides(3, 8), W=sides(3, 8), k=sides(1, 3), stride=STRIDES, seed=seeds(), dtype=DTYPES)
@settings(max_examples=15)
def check_max_pool(submission, H, W, k, stride, seed, dtype):
    """max_pool2d equals torch's, also where every number is negative."""
    x = strided(randn(2, 3, H, W, seed=seed, dtype=dtype))
    pooled(submission, "max_pool2d", x, k, stride)
    pooled(submission, "max_pool2d", -x.abs() - 0.5, k, stride)


@weight(2)
@example(H=7, W=4, k=2, stride=None, seed=0, dtype=torch.float32)
@example(H=5, W=8, k=3, stride=2, seed=1, dtype=torch.float64)
@given(H=sides(3, 8), W=sides(3, 8), k=sides(1, 3), stride=STRIDES, seed=seeds(), dtype=DTYPES)
@settings(max_examples=15)
def check_avg_pool(submission, H, W, k, stride, seed, dtype):
    """avg_pool2d equals torch's."""
    x = strided(randn(2, 3, H, W, seed=seed, dtype=dtype))
    pooled(submission, "avg_pool2d", x, k, stride)


@weight(2)
@example(H=7, W=5, size=(3, 2), seed=0, dtype=torch.float64)
@example(H=8, W=6, size=(4, 3), seed=1, dtype=torch.float32)
@example(H=3, W=4, size=(5, 6), seed=2, dtype=torch.float64)
@given(H=sides(1, 9), W=sides(1, 9), size=st.tuples(sides(), sides()), seed=seeds(), dtype=DTYPES)
@settings(max_examples=20)
def check_adaptive_pool(submission, H, W, size, seed, dtype):
    """adaptive_avg_pool2d equals torch's, whether or not the size divides the image."""
    x = strided(randn(2, 3, H, W, seed=seed, dtype=dtype))
    what = f"adaptive_avg_pool2d(x {tuple(x.shape)}, {size})"
    expected = F.adaptive_avg_pool2d(x, size)
    got = submission.adaptive_avg_pool2d(x, size)
    assert_close(got, expected, what, **tolerance(dtype))


def check_is_fast(submission):
    """conv2d: 64 images (3, 32, 32) become 32 channels before the time is over."""
    x, w, b, options = case(64, 3, 32, 32, 32, 3, 3, padding=1, dtype=torch.float32)
    expected = F.conv2d(x, w, b, **options)
    got = submission.conv2d(x, w, b, **options)
    assert_close(got, expected, "conv2d of 64 images", **tolerance(torch.float32))


def check_refuses_bad_arguments(submission):
    """A wrong number of channels, a kernel that does not fit and a stride of 0 are refused."""
    x, w = torch.ones(1, 3, 4, 5), torch.ones(2, 3, 3, 3)
    with assert_raises("conv2d with 2 channels in w and 3 in x", naming="w"):
        submission.conv2d(x, w[:, :2])
    with assert_raises("conv2d with a 1x1 kernel of one channel, 3 in x", naming="w"):
        submission.conv2d(x, w[:, :1, :1, :1])
    for kernel, options in (((5, 3), {}), ((3, 6), {}), ((3, 3), {"dilation": 2})):
        with assert_raises(f"conv2d, a {kernel} kernel on 4 x 5 pixels, {options}", naming="w"):
            submission.conv2d(x, torch.ones(2, 3, *kernel), **options)
    for name in ("max_pool2d", "avg_pool2d"):
        with assert_raises(f"{name}(x of 4 x 5, 5)", naming="k"):
            getattr(submission, name)(x, 5)
        with assert_raises(f"{name}(x, 2, 0)", naming="stride"):
            getattr(submission, name)(x, 2, 0)
    with assert_raises("conv2d with stride=0", naming="stride"):
        submission.conv2d(x, w, stride=0)


def check_keeps_inputs(submission):
    """The arguments are the same after the call as before."""
    x, w, b, _ = case(H=6, W=6)
    assert_keeps_inputs(submission.conv2d, x, w, b)
    assert_keeps_inputs(submission.conv2d, x, w, b, padding=1)
    for name in ("max_pool2d", "avg_pool2d"):
        assert_keeps_inputs(getattr(submission, name), x, 2)
        assert_keeps_inputs(getattr(submission, name), x, 1)
    assert_keeps_inputs(submission.adaptive_avg_pool2d, x, (3, 2))


@merit
@weight(4)
@example(drawn=case())
@example(drawn=case(padding=1))
@example(drawn=case(H=6, W=9, stride=2, padding=1))  # here the last column meets no window
@example(drawn=case(H=4, W=4, kh=3, kw=3, padding=2, dtype=torch.float32))
@given(drawn=cases())
@settings(max_examples=20)
def check_backward(submission, drawn):
    """Merit: conv2d_backward's dx, dw and db equal torch's."""
    x, w, _, options = drawn
    leaves = [each.clone().requires_grad_() for each in (x, w, w.new_zeros(len(w)))]
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    y = F.conv2d(*leaves, stride, padding)
    dy = strided(randn(*y.shape, seed=17, dtype=x.dtype))
    expected = torch.autograd.grad(y, leaves, dy)
    got, after, _ = submission.conv2d_backward.keeping(dy, x, w, stride, padding)
    got = unpack(got, 3, "conv2d_backward")
    for name, mine, true in zip(("dx", "dw", "db"), got, expected, strict=True):
        what = f"{name}, x {tuple(x.shape)}, w {tuple(w.shape)}, stride {stride}, padding {padding}"
        assert_close(mine, true, what, **tolerance(x.dtype))
    for before, now in zip((dy, x, w), after, strict=False):
        assert_equal(now, before, "an argument after conv2d_backward")
