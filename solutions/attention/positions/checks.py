import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    tensors,
    weight,
)

FEW = settings(max_examples=15)
LEADS = st.lists(sides(1, 3), max_size=2).map(tuple)
EVEN = sides(1, 4).map(lambda pairs: 2 * pairs)


def angle(t, i, d, base=10000.0):
    """Of pair i at position t."""
    return t * base ** (-2 * i / d)


def sines(positions, d, base=10000.0):
    """Rows of sines and cosines in turns."""
    both = math.sin, math.cos
    return [[f(angle(t, i, d, base)) for i in range(d // 2) for f in both] for t in positions]


def turned(x, offset=0, base=10000.0):
    """rope by complex multiplication in float64, rounded to the dtype of x."""
    T, d = x.shape[-2:]
    table = [[angle(offset + t, i, d, base) for i in range(d // 2)] for t in range(T)]
    turn = torch.polar(torch.ones(T, d // 2).double(), torch.tensor(table, dtype=torch.float64))
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def close(got, expected, what):
    loose = {"rtol": 1e-4, "atol": 1e-5} if expected.dtype is torch.float32 else {}
    assert_close(got, expected, what, **loose)


@weight(3)
@given(T=sides(1, 40), d=EVEN, base=st.sampled_from([10000.0, 10000.0, 50.0]))
@example(T=5, d=8, base=10000.0)
@FEW
def check_sinusoidal(submission, T, d, base):
    """sinusoidal: sines in the even columns, cosines in the odd ones, at the right rates."""
    got = submission.sinusoidal(T, d, base) if base != 10000.0 else submission.sinusoidal(T, d)
    assert_close(got, torch.tensor(sines(range(T), d, base)), f"sinusoidal({T}, {d})", atol=1e-5)


def check_far_positions_are_exact(submission):
    """sinusoidal: positions near 20,000 are as exact as position 2."""
    got = assert_tensor(submission.sinusoidal(20_000, 8), "sinusoidal(20000, 8)", shape=(20_000, 8))
    table = torch.tensor(sines(range(19_980, 20_000), 8))
    what = "the last 20 rows of sinusoidal(20000, 8)"
    assert_close(got[-20:], table, what, atol=1e-5, next_step="compute angles in float64")


def check_a_shift_is_a_rotation(submission):
    """sinusoidal: one matrix takes every row t to row t + k, for k = 1 and 7."""
    table = assert_tensor(submission.sinusoidal(64, 8), "sinusoidal(64, 8)", shape=(64, 8)).double()
    for k in (1, 7):
        matrix = torch.linalg.lstsq(table[:-k], table[k:], driver="gelsd").solution
        residual = float((table[:-k] @ matrix - table[k:]).abs().max())
        if not residual < 1e-4:
            message = (
                f"no matrix moves sinusoidal(64, 8) by {k} rows; the best is off by {residual:.2g}"
            )
            step = "sine and cosine of a pair share one angle"
            raise Mismatch(message, error=residual, allowed=1e-4, next_step=step)


@weight(2)
@given(x=tensors(min_ndim=2, max_ndim=4, max_side=4), seed=seeds())
@example(x=randn(2, 3, 4, seed=1), seed=2)
@FEW
def check_learned(submission, x, seed):
    """LearnedPositions: row t of the table is added to position t, in every sequence."""
    max_len, d = x.shape[-2] + 2, x.shape[-1]
    layer, table = learned(submission, max_len, d, seed, x.dtype)
    expected = x + table[: x.shape[-2]]
    assert_close(layer(x), expected, f"LearnedPositions({max_len}, {d})(x)")


def check_learned_is_trained(submission):
    """LearnedPositions: `table` is its only parameter, and its rows get the gradients of x's."""
    rows = [(each.name, each.shape) for each in learned(submission, 6, 4, 0)[0].parameters()]
    if rows != [("table", (6, 4))]:
        raise Mismatch(f"parameters of LearnedPositions(6, 4): {rows}, expected table of (6, 4)")
    layer, _ = learned(submission, 6, 4, 0)
    x, cotangent = randn(3, 5, 4, seed=1), randn(3, 5, 4, seed=2)
    got = layer.vjp(x, cotangent=cotangent)
    assert_close(got.inputs.get(0), cotangent, "gradient of x")
    expected = torch.cat([cotangent.sum(0), torch.zeros(1, 4).double()])
    assert_close(got.parameters.get("table"), expected, "gradient of table")


def learned(submission, max_len, d, seed, dtype=torch.float64):
    """The submission's layer, holding a table of ours, and the table."""
    table = randn(max_len, d, seed=seed, dtype=dtype)
    layer = submission.LearnedPositions(max_len, d).to(dtype)
    layer.load_state_dict({"table": table})
    return layer, table


@weight(3)
@given(
    lead=LEADS,
    T=sides(1, 6),
    d=EVEN,
    dtype=st.sampled_from([torch.float64, torch.float32]),
    base=st.sampled_from([10000.0, 10000.0, 50.0]),
    offset=st.sampled_from([0, 0, 3, 100]),
    data=st.data(),
)
@settings(max_examples=20)
def check_rope(submission, lead, T, d, dtype, base, offset, data):
    """rope: each pair of neighbours is turned by its angle, for any leading axes and dtype."""
    x = data.draw(tensors((*lead, T, d), dtype=dtype))
    options = {"offset": offset} if offset else {}
    options |= {"base": base} if base != 10000.0 else {}
    expected = turned(x, offset, base)
    what = f"rope(x{''.join(f', {k}={v:g}' for k, v in options.items())})"
    close(submission.rope(x, **options), expected, what)


@weight(2)
def check_rope_by_hand(submission):
    """rope: five positions and four pairs, always the same."""
    x = randn(2, 5, 8, seed=1)
    assert_close(submission.rope(x), turned(x), "rope(x)")


@weight(2)
@given(seed=seeds(), m=st.integers(0, 50), n=st.integers(0, 50), shift=st.integers(1, 200))
@example(seed=1, m=3, n=7, shift=5)
@FEW
def check_scores_depend_on_the_distance(submission, seed, m, n, shift):
    """rope: lengths stay, and the product of two vectors depends on their distance only."""
    q, k = randn(1, 6, seed=seed) + 0.1, randn(1, 6, seed=seed + 1) + 0.1

    def at(x, position):
        what = f"rope(x, offset={position})"
        return assert_tensor(submission.rope(x, offset=position), what, shape=(1, 6))

    near, far = at(q, m) @ at(k, n).T, at(q, m + shift) @ at(k, n + shift).T
    what = f"the product at positions {m + shift} and {n + shift}, beside {m} and {n}"
    assert_close(far, near, what, rtol=1e-8, atol=1e-8)
    assert_close(at(q, m).norm(), q.norm(), "the length of rope(x)", rtol=1e-8)


def check_offset_continues(submission):
    """rope: the rest of a sequence with an offset equals the rest of the whole sequence."""
    x = randn(2, 7, 6, seed=4)
    for k in (1, 4):
        what = f"rope(x[:, {k}:], offset={k})"
        close(submission.rope(x[:, k:], offset=k), turned(x)[:, k:], what)


def check_half_precision(submission):
    """rope: in float16 and bfloat16, position 3001 still has its own angle."""
    for dtype, tolerance in ((torch.float16, 4e-3), (torch.bfloat16, 3e-2)):
        x = randn(2, 3, 4, seed=5, dtype=dtype)
        what = f"rope(x in {str(dtype)[6:]}, offset=3000)"
        expected = turned(x, 3000)
        assert_close(
            submission.rope(x, offset=3000), expected, what, rtol=tolerance, atol=tolerance
        )


def check_rope_gradient(submission):
    """rope: the gradient is turned back by the same angles."""
    x, cotangent = randn(2, 5, 6, seed=6), randn(2, 5, 6, seed=7)
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(turned(leaf), leaf, cotangent)
    got = submission.rope.vjp(x, cotangent=cotangent)
    assert_close(got.inputs.get(0), expected, "gradient of rope(x)", rtol=1e-8, atol=1e-9)


@weight(3)
@given(lead=LEADS, Tq=sides(1, 4), more=sides(0, 3), d=EVEN, dv=sides(1, 4), data=st.data())
@FEW
def check_rotary_attention(submission, lead, Tq, more, d, dv, data):
    """rotary_attention: queries at the end and keys from 0 are turned, values are not."""
    dtype = data.draw(st.sampled_from([torch.float64, torch.float32]))
    shapes = (*lead, Tq, d), (*lead, Tq + more, d), (*lead, Tq + more, dv)
    compare(submission, *(data.draw(tensors(shape, dtype=dtype)) for shape in shapes))


@weight(2)
def check_rotary_attention_by_hand(submission):
    """rotary_attention: three heads, five keys, with five queries, two and one; values as wide."""
    q, k, v = (randn(2, 3, 5, 4, seed=seed) for seed in (1, 2, 3))
    for Tq in (5, 2, 1):
        compare(submission, q[..., :Tq, :], k, v)


def compare(submission, q, k, v):
    first = k.shape[-2] - q.shape[-2]
    a, b = turned(q.double(), first), turned(k.double())
    weights = (a @ b.mT / math.sqrt(q.shape[-1])).softmax(-1)
    expected = (weights @ v.double()).to(q.dtype)
    close(submission.rotary_attention(q, k, v), expected, "rotary_attention(q, k, v)")


def check_order_matters(submission):
    """rotary_attention: shuffled tokens give other outputs, not the same ones shuffled."""
    x = randn(1, 6, 4, seed=8)
    order = torch.randperm(6, generator=generator(3))
    what = "rotary_attention(x, x, x)"
    straight = assert_tensor(submission.rotary_attention(x, x, x), what, shape=(1, 6, 4))
    mixed = x[:, order]
    shuffled = assert_tensor(
        submission.rotary_attention(mixed, mixed, mixed), what, shape=(1, 6, 4)
    )
    apart = float((shuffled - straight[:, order]).abs().max())
    if not apart > 1e-3:
        message = f"{what}: of shuffled tokens it is the same, shuffled, to {apart:.1g}"
        raise Mismatch(message, next_step="turn queries and keys by their positions")


def check_keeps_inputs(submission):
    """The arguments are the same after the call as before."""
    q, k, v = (randn(2, 5, 4, seed=seed) for seed in (1, 2, 3))
    assert_keeps_inputs(submission.rope, q)
    assert_keeps_inputs(submission.rotary_attention, q, k, v)
    assert_keeps_inputs(learned(submission, 6, 4, 0)[0], q, what="LearnedPositions(6, 4)(x)")
    layer, table = learned(submission, 6, 4, 0)
    layer(q)
    assert_equal(layer.state_dict().get("table"), table, "`table` after a call")


def check_refuses_what_does_not_fit(submission):
    """An odd d, and more positions than the learned table has, are refused."""
    with assert_raises("sinusoidal(4, 5)", naming="d"):
        submission.sinusoidal(4, 5)
    with assert_raises("rope(x) with 3 columns", naming="d"):
        submission.rope(randn(2, 3, seed=1))
    layer, _ = learned(submission, 3, 2, 0)
    with assert_raises("LearnedPositions(3, 2) of 4 positions", naming="max_len"):
        layer(randn(1, 4, 2, seed=1))
