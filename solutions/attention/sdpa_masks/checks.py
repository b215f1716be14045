import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_causal,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    masks,
    randn,
    seeds,
    sides,
    tensors,
    unpack,
    weight,
)

LEADS = [(), (2,), (2, 3)]
DTYPES = [torch.float64, torch.float64, torch.float32]


def fixed(*lead, Tq, Tk, d=4, dv=2, dtype=torch.float64):
    """Queries, keys and values of these sizes, always the same."""
    shapes = (*lead, Tq, d), (*lead, Tk, d), (*lead, Tk, dv)
    return tuple(randn(*shape, seed=i, dtype=dtype) for i, shape in enumerate(shapes))


@st.composite
def inputs(draw):
    """Queries, keys and values of one dtype, sometimes strided."""
    lead, dtype = draw(st.sampled_from(LEADS)), draw(st.sampled_from(DTYPES))
    Tq, Tk, d, dv = (draw(sides(1, high)) for high in (5, 6, 8, 4))
    shapes = (*lead, Tq, d), (*lead, Tk, d), (*lead, Tk, dv)
    return tuple(draw(tensors(shape, dtype=dtype)) for shape in shapes)


@st.composite
def masked(draw, full_rows=False):
    """The same, and a mask of one of the shapes that broadcast."""
    q, k, v = draw(inputs())
    (*lead, Tq, _), Tk = q.shape, k.shape[-2]
    shape = draw(st.sampled_from([(Tq, Tk), (*lead, 1, Tk), (*lead, Tq, Tk)]))
    mask = draw(masks(math.prod(shape[:-1]), Tk, full_rows=full_rows))
    return q, k, v, mask.view(shape)


def truth(q, k, v, mask=None):
    """(out, weights) by the definition in float64, rounded to the dtype of q at the end."""
    scores = q.double() @ k.double().mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1).nan_to_num(0)
    return (weights @ v.double()).to(q.dtype), weights.to(q.dtype)


def past(Tq, Tk):
    """The causal mask that is aligned to the end."""
    return torch.arange(Tk) <= torch.arange(Tq)[:, None] + Tk - Tq


def parts(answer):
    return unpack(answer, 2, "attention")


def compare(answer, expected, **tolerance):
    for got, want, what in zip(parts(answer), expected, ("out", "weights"), strict=True):
        assert_close(got, want, what, **tolerance)


@weight(3)
@given(case=inputs())
@example(case=fixed(Tq=2, Tk=3))
@example(case=fixed(2, 3, Tq=5, Tk=7))
def check_matches_definition(submission, case):
    """softmax(q k^T / sqrt(d)) v, for any leading axes, with Tq, Tk, d and dv unequal."""
    expected = truth(*case)
    compare(submission.attention(*case), expected)


def check_agrees_with_torch(submission):
    """The output equals that of torch's own function: plain, masked and causal."""
    q, k, v = fixed(2, 3, Tq=5, Tk=5)
    mask = torch.rand(2, 1, 5, 5, generator=generator(0)) < 0.6
    for options in ({}, {"mask": mask}, {"causal": True}):
        expected = F.scaled_dot_product_attention(
            q, k, v, options.get("mask"), is_causal=options.get("causal", False)
        )
        out, _ = parts(submission.attention(q, k, v, **options))
        assert_close(out, expected, f"out of attention({', '.join(['q', 'k', 'v', *options])})")


@given(case=inputs())
@example(case=fixed(Tq=2, Tk=3))
def check_rows_sum_to_one(submission, case):
    """The weights of each query sum to 1 over the keys."""
    q, k, _ = case
    _, weights = parts(submission.attention(*case))
    weights = assert_tensor(weights, "weights", shape=(*q.shape[:-1], k.shape[-2]))
    ones = torch.ones(q.shape[:-1], dtype=q.dtype)
    assert_close(weights.sum(-1), ones, "weights.sum(-1)", atol=1e-5)


def check_many_features_leave_weights_spread(submission):
    """With 256 normal features the weights stay spread out: entropy above 0.6 ln T."""
    T = 32
    q, k, v = fixed(4, Tq=T, Tk=T, d=256)
    _, weights = parts(submission.attention(q, k, v))
    weights = assert_tensor(weights, "weights", shape=(4, T, T))
    entropy = float(torch.special.entr(weights).sum(-1).mean()) / math.log(T)
    if not entropy > 0.6:
        message = f"weights: entropy {entropy:.2f} ln T, expected about 0.87"
        raise Mismatch(message, error=entropy, allowed=0.6)


@given(case=inputs(), seed=seeds())
@example(case=fixed(2, Tq=4, Tk=5), seed=1)
def check_is_blind_to_order(submission, case, seed):
    """Shuffling the keys with their values changes nothing; shuffling the queries shuffles out."""
    q, k, v = case
    keys = torch.randperm(k.shape[-2], generator=generator(seed))
    queries = torch.randperm(q.shape[-2], generator=generator(seed))
    out, _ = parts(submission.attention(q, k, v))
    out = assert_tensor(out, "out", shape=(*q.shape[:-1], v.shape[-1]))
    shuffled = q[..., queries, :], k[..., keys, :], v[..., keys, :]
    again, _ = parts(submission.attention(*shuffled))
    assert_close(again, out[..., queries, :], "out after shuffling", rtol=1e-4, atol=1e-5)


def check_large_scores_stay_finite(submission):
    """Inputs a hundred times larger do not overflow."""
    q, k, v = fixed(2, Tq=5, Tk=7)
    case = 100 * q, 100 * k, v
    compare(submission.attention(*case), truth(*case))


@weight(3)
@given(case=masked())
@example(case=(*fixed(Tq=2, Tk=3), torch.tensor([[True, True, False], [False, True, True]])))
def check_mask_hides_keys(submission, case):
    """A hidden key has a weight of exactly 0, and the others share what is left."""
    expected = truth(*case)
    answer = submission.attention(*case)
    compare(answer, expected)
    hidden = ~case[-1]
    assert_equal(answer[1] * hidden, torch.zeros_like(expected[1]), "weights of hidden keys")


@weight(2)
@given(case=masked(full_rows=True))
@example(case=(*fixed(Tq=2, Tk=3), torch.tensor([[True, False, True], [False, False, False]])))
def check_nothing_to_read_gives_zeros(submission, case):
    """A query that may read no key gets zeros, and its neighbours notice nothing."""
    compare(submission.attention(*case), truth(*case))


@weight(2)
@given(case=masked(full_rows=True))
@example(case=(*fixed(Tq=2, Tk=3), torch.tensor([[True, False, True], [False, False, False]])))
def check_gradient(submission, case):
    """The gradients of q, k and v agree with torch's, also beside a query that reads nothing."""
    *leaves, mask = (x.double() if x.is_floating_point() else x for x in case)
    leaves = [x.clone().requires_grad_() for x in leaves]
    out, _ = truth(*leaves, mask)
    cotangent = randn(*out.shape, seed=3)
    expected = torch.autograd.grad(out, leaves, cotangent)
    inputs = [x.detach() for x in leaves]
    got = submission.attention.vjp(*inputs, mask, cotangent=(cotangent, None))
    for i, (name, gradient) in enumerate(zip("qkv", expected, strict=True)):
        assert_close(got.inputs.get(i), gradient, f"gradient of {name}", rtol=1e-8, atol=1e-9)


@weight(2)
def check_half_precision(submission):
    """float16 and bfloat16 inputs work under a mask, without nan, and keep their dtype."""
    mask = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]]).bool()
    for dtype, tolerance in ((torch.float16, 0.01), (torch.bfloat16, 0.08)):
        case = (*fixed(2, Tq=3, Tk=4, dtype=dtype), mask)
        compare(submission.attention(*case), truth(*case), rtol=tolerance, atol=tolerance)


@weight(2)
@given(case=inputs())
@example(case=fixed(Tq=3, Tk=3))
def check_causal(submission, case):
    """With as many queries as keys, query i reads the keys 0 to i, itself included."""
    q, k, v = case
    T = min(q.shape[-2], k.shape[-2])
    q, k, v = q[..., :T, :], k[..., :T, :], v[..., :T, :]
    compare(submission.attention(q, k, v, causal=True), truth(q, k, v, past(T, T)))


@weight(2)
@given(x=tensors(min_ndim=3, max_ndim=3), seed=seeds())
@example(x=randn(2, 5, 3, seed=4), seed=5)
def check_future_is_invisible(submission, x, seed):
    """Changing what comes after position t leaves causal outputs up to t equal to the bit."""

    def causal(x):
        return parts(submission.attention(x, x, x, causal=True))[0]

    assert_causal(causal, x, 3 * randn(*x.shape, seed=seed, dtype=x.dtype) + 1, "out")


@weight(2)
@given(case=inputs())
@example(case=fixed(Tq=2, Tk=4))
@example(case=fixed(Tq=4, Tk=2))
def check_causal_is_aligned_to_the_end(submission, case):
    """With Tq != Tk the last query stands beside the last key."""
    q, k, _ = case
    mask = past(q.shape[-2], k.shape[-2])
    compare(submission.attention(*case, causal=True), truth(*case, mask))


@given(case=masked(full_rows=True))
@example(case=(*fixed(Tq=3, Tk=3), torch.tensor([[True, False, True]])))
def check_causal_and_mask_must_both_allow(submission, case):
    """Where `mask` and `causal` are both given, a key is read only where both allow it."""
    q, k, v, mask = case
    both = mask & past(q.shape[-2], k.shape[-2])
    compare(submission.attention(q, k, v, mask, causal=True), truth(q, k, v, both))


@weight(2)
@pytest.mark.parametrize("dropout", [0.2, 0.8])
def check_dropout(submission, dropout):
    """Dropout of {dropout} drops that share of the weights and rescales the others."""
    case = fixed(2, 3, Tq=20, Tk=50)
    _, plain = truth(*case)
    answer = submission.attention(*case, None, False, dropout, True, generator(5))
    out, weights = parts(answer)
    weights = assert_tensor(weights, "weights", shape=plain.shape, dtype=plain.dtype)
    scaled = torch.where(weights == 0, 0, plain / (1 - dropout))
    assert_close(weights, scaled, "weights after dropout")
    assert_close(out, weights @ case[2], "out = weights @ v")
    share = float((weights == 0).double().mean())
    bound = 6 * math.sqrt(dropout * (1 - dropout) / weights.numel())
    if abs(share - dropout) > bound:
        message = f"dropped {share:.3f} of the weights, asked for {dropout}"
        raise Mismatch(message, error=abs(share - dropout), allowed=bound)


def check_dropout_draws_from_generator(submission):
    """The generator's seed decides what is dropped; without one, torch's own generator does."""
    case = (*fixed(2, Tq=10, Tk=10), None, False, 0.5, True)
    first, again, other, free = (
        parts(submission.attention(*case, source))[1]
        for source in (*(generator(seed) for seed in (901, 901, 902)), None)
    )
    assert_equal(again, assert_tensor(first, "weights"), "weights, drawn again with the same seed")
    for each, what in ((other, "another seed"), (free, "no generator")):
        each = assert_tensor(each, "weights", shape=tuple(first.shape))
        if bool(((each == 0) == (first == 0)).all()):
            raise Mismatch(f"weights: {what} drops the same weights as seed 901")


def check_dropout_only_in_training(submission):
    """Where `training` is False, dropout does nothing."""
    case = fixed(2, Tq=5, Tk=7)
    answer = submission.attention(*case, dropout=0.8, generator=generator(5))
    compare(answer, truth(*case))


def check_keeps_inputs(submission):
    """The arguments are the same after the call as before."""
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert_keeps_inputs(submission.attention, *fixed(Tq=2, Tk=3), mask, True)


def check_refuses_bad_arguments(submission):
    """A mask that is not bool, a dropout outside [0, 1) and an unknown kind are refused."""
    case = fixed(Tq=2, Tk=3)
    for mask in (torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.int64)):
        with assert_raises(f"attention with a mask of {mask.dtype}", "TypeError", naming="mask"):
            submission.attention(*case, mask)
    for dropout in (-0.1, 1.0):
        with assert_raises(f"attention(..., dropout={dropout})", naming="dropout"):
            submission.attention(*case, dropout=dropout)
    with assert_raises('kind_mask("future")', naming="kind"):
        submission.kind_mask("future", torch.tensor([2, 3]), 3)


def table(rows, columns, rule):
    """(rows, columns) bool, by asking entry by entry."""
    return torch.tensor([[rule(i, j) for j in range(columns)] for i in range(rows)])


def readable(lengths, T, S, rule=lambda i, j: True):
    """(B, T, S) bool: keys before the length of their row, where the rule agrees."""
    rows = [table(T, S, lambda i, j, n=n: j < n and rule(i, j)) for n in lengths.tolist()]
    return torch.stack(rows)


def not_future(i, j):
    return j <= i


LENGTHS, SOURCE_LENGTHS = torch.tensor([3, 5, 1]), torch.tensor([2, 7, 0])


def check_causal_mask(submission):
    """causal_mask: True on the diagonal and below it."""
    for T in (3, 1, 5):
        assert_equal(submission.causal_mask(T), table(T, T, not_future), f"causal_mask({T})")


def check_padding_mask(submission):
    """padding_mask: exactly the first lengths[b] keys, with an axis of 1 for the queries."""
    lengths = torch.tensor([3, 0, 5, 1])
    assert_equal(submission.padding_mask(lengths, 5), readable(lengths, 1, 5), "padding_mask")


def check_prefix_mask(submission):
    """prefix_mask: the prefix is open to everyone, the rest is causal."""
    for T, n in ((3, 0), (4, 2), (5, 3), (3, 3)):
        expected = table(T, T, lambda i, j, n=n: j < n or j <= i)
        assert_equal(submission.prefix_mask(T, n), expected, f"prefix_mask({T}, {n})")


def check_cross_mask(submission):
    """cross_mask: every target position reads every real source position."""
    expected = readable(SOURCE_LENGTHS, 5, 7)
    assert_equal(submission.cross_mask(SOURCE_LENGTHS, 5, 7), expected, "cross_mask")


def check_kind_mask(submission):
    """kind_mask: encoder, decoder and cross-attention each hide the right keys."""
    source = SOURCE_LENGTHS, 7
    for kind, rest, expected in (
        ("encoder", (), readable(LENGTHS, 5, 5)),
        ("decoder", (), readable(LENGTHS, 5, 5, not_future)),
        ("encdec_cross", source, readable(SOURCE_LENGTHS, 5, 7)),
    ):
        got = submission.kind_mask(kind, LENGTHS, 5, *rest)
        assert_equal(got, expected, f'kind_mask("{kind}")')
