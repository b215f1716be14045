import math
from itertools import product

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader import data
from grader.oracle import (
    Mismatch,
    NGram,
    Windows,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    split_text,
    weight,
)
from grader.oracle.values import describe

FEW = settings(max_examples=15)
INF = math.inf
DRAWS = 3000


def text(V, N, seed):
    return torch.randint(0, V, (N,), generator=generator(seed))


def counted(ids, V, n):
    """How often each run of n ids comes, one by one."""
    counts, ids = torch.zeros((V,) * n, dtype=torch.float64), ids.tolist()
    for i in range(len(ids) - n + 1):
        counts[tuple(ids[i : i + n])] += 1
    return counts


def tabled(ids, V, n, k=0.1):
    counts = counted(ids, V, n)
    return ((counts + k) / (counts.sum(-1, keepdim=True) + k * V)).log()


def number(value, what):
    if type(value) is not float or not math.isfinite(value):
        raise Mismatch(f"{what}: returned {describe(value)}, expected a float")
    return torch.tensor(value, dtype=torch.float64)


@weight(2)
@given(V=sides(1, 5), N=st.integers(2, 20), seed=seeds())
@example(V=3, N=12, seed=0)
@FEW
def check_bigram_counts(submission, V, N, seed):
    """bigram_counts: how often b comes right after a, and nothing after the last id."""
    ids = text(V, N, seed)
    expected = counted(ids, V, 2).long()
    assert_equal(submission.bigram_counts(ids, V), expected, f"bigram_counts(ids, {V})")


@weight(2)
@given(
    V=sides(1, 5),
    N=st.integers(3, 25),
    n=st.integers(1, 3),
    k=st.sampled_from([0.1, 0.1, 0.5, 2.0]),
    seed=seeds(),
)
@example(V=3, N=20, n=3, k=0.1, seed=0)
@example(V=4, N=20, n=2, k=0.5, seed=0)
@FEW
def check_ngram_logprobs(submission, V, N, n, k, seed):
    """ngram_logprobs: log of the add-k probabilities, for one, two and three characters."""
    ids = text(V, N, seed)
    got = submission.ngram_logprobs(ids, V, n, *([] if k == 0.1 else [k]))
    assert_close(got, tabled(ids, V, n, k), f"ngram_logprobs(ids, {V}, {n}, {k})")


@given(V=sides(1, 5), N=st.integers(3, 20), n=st.integers(1, 3), seed=seeds())
@example(V=3, N=12, n=3, seed=0)
@FEW
def check_text_logprobs(submission, V, N, n, seed):
    """text_logprobs: the entry of each run of n ids, in the order of the text."""
    table, ids = randn(*(V,) * n, seed=seed).double(), text(V, N, seed)
    runs = [ids[i : i + n].tolist() for i in range(N - n + 1)]
    expected = torch.stack([table[tuple(run)] for run in runs])
    assert_close(submission.text_logprobs(table, ids), expected, "text_logprobs(table, ids)")


@given(N=sides(1, 20), seed=seeds())
@example(N=5, seed=0)
@FEW
def check_bits_and_perplexity(submission, N, seed):
    """bits_per_char and perplexity: a uniform guess among V costs log2 V, and is worth V."""
    logprobs = -randn(N, seed=seed).abs()
    for cost in (logprobs, torch.full((N,), -math.log(65)).double()):
        nats = -cost.mean()
        bits = number(submission.bits_per_char(cost), "bits_per_char(logprobs)")
        assert_close(bits, nats / math.log(2), "bits_per_char(logprobs)")
        perplexity = number(submission.perplexity(cost), "perplexity(logprobs)")
        assert_close(perplexity, nats.exp(), "perplexity(logprobs)")


@weight(2)
def check_scores_a_real_text(submission, record, seed):
    """On a real text, uni-, bi- and trigram cost what the grader's own tables say, to 1e-9 bits."""
    ids, held, _, V = split_text(data.shakespeare().text, seed)
    ids, held = ids[:200_000].clone(), held[:20_000].clone()
    costs = []
    for n in (1, 2, 3):
        table = submission.ngram_logprobs(ids, V, n)
        got = submission.bits_per_char(submission.text_logprobs(table, held))
        windows = Windows(held.unfold(0, n, 1)[:, :-1], held[n - 1 :])
        expected = NGram(ids, V, n).bits(windows).mean()
        what = f"bits of {len(held):,} unseen characters, n = {n}"
        assert_close(number(got, what), expected, what, rtol=0, atol=1e-9)
        costs.append((float(n), float(expected)))
    record.curve(
        title=f"Cost of unseen characters, {data.shakespeare().name}",
        x_label="n",
        y_label="bits per character",
        series={"add-0.1 n-gram": tuple(costs)},
        levels={"a uniform guess": math.log2(V)},
    )


def drawn_with(logits, temperature=1.0, top_k=None, top_p=None):
    """The definition, token by token, in float64."""
    ids = sorted(range(len(logits)), key=lambda i: (-float(logits[i]), i))
    if temperature == 0:
        ids, temperature = ids[:1], 1.0
    p = (logits.double() / temperature).softmax(0).tolist()
    ids = ids[:top_k]
    if top_p is not None:
        whole, mass, kept = sum(p[i] for i in ids), 0.0, []
        for i in ids:
            kept.append(i)
            mass += p[i] / whole
            if mass >= top_p:
                break
        ids = kept
    whole = sum(p[i] for i in ids)
    expected = torch.zeros(len(logits), dtype=torch.float64)
    for i in ids:
        expected[i] = p[i] / whole
    return expected.to(logits.dtype)


def spread(V, seed, dtype=torch.float64):
    """Logits (V,), no two of them equal, and no sum of probabilities near a round number."""
    return (2 * torch.randn(V, generator=generator(seed), dtype=torch.float64)).to(dtype)


def compare(submission, logits, **options):
    expected = drawn_with(logits, **options)
    what = f"next_probs(logits{''.join(f', {k}={v}' for k, v in options.items())})"
    got = submission.next_probs(logits, **options)
    loose = {"rtol": 1e-4, "atol": 1e-6} if logits.dtype is torch.float32 else {}
    assert_close(got, expected, what, **loose)
    assert_equal(got == 0, expected == 0, f"{what} == 0")


@weight(2)
@given(V=sides(1, 8), seed=seeds(), t=st.sampled_from([0.5, 0.7, 1.0, 1.3, 3.0]))
@example(V=5, seed=0, t=0.5)
@example(V=5, seed=0, t=2.0)
@FEW
def check_temperature(submission, V, seed, t):
    """next_probs: softmax(logits / temperature), in float64 and float32."""
    for dtype in (torch.float64, torch.float32):
        compare(submission, spread(V, seed, dtype), temperature=t)


@weight(2)
@given(V=sides(1, 8), seed=seeds(), k=sides(1, 10))
@example(V=5, seed=0, k=2)
@FEW
def check_top_k(submission, V, seed, k):
    """next_probs: exactly the top_k most probable stay, and share everything."""
    compare(submission, spread(V, seed), top_k=k)


@weight(2)
@given(V=sides(1, 8), seed=seeds(), p=st.sampled_from([0.01, 0.3, 0.6, 0.9, 0.99, 1.0]))
@example(V=6, seed=0, p=0.6)
@example(V=6, seed=0, p=0.01)
@FEW
def check_top_p(submission, V, seed, p):
    """next_probs: the smallest set that reaches top_p stays, at least one token."""
    compare(submission, spread(V, seed), top_p=p)


@weight(2)
def check_settings_together(submission):
    """next_probs: temperature first, then top_k, then top_p of what is left."""
    logits = torch.tensor([0.05, 0.5, 0.15, 0.3]).double().log()
    for t, k, p in product((0.5, 1.0, 2.0), (1, 2, 3), (0.55, 0.69, 0.82, 0.9)):
        compare(submission, logits, temperature=t, top_k=k, top_p=p)


def check_ties(submission):
    """next_probs: of equal logits, the lower id comes first, also at temperature 0."""
    for logits in ([1.0, 3.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0, 2.0], [0.0, 1.0, 5.0, 5.0, 1.0]):
        logits = torch.tensor(logits).double()
        for options in ({"temperature": 0.0}, {"top_k": 1}, {"top_k": 2}, {"top_k": 4}):
            compare(submission, logits, **options)
        compare(submission, logits, top_p=0.45)
    # Two halves are exact however they are computed, so here a sum may equal top_p.
    compare(submission, torch.zeros(2).double(), top_p=0.5)


def check_extreme_logits(submission):
    """next_probs: logits of 1000 and -inf, and tiny temperatures, give no nan."""
    for logits in ([1000.0, 999.0, -1000.0, -INF], [-INF, -2.0, -INF, -3.0]):
        for dtype in (torch.float64, torch.float32):
            values = torch.tensor(logits).to(dtype)
            for options in ({}, {"temperature": 0.01}, {"temperature": 0.0}, {"top_k": 3}):
                compare(submission, values, **options)
            compare(submission, values, top_p=0.9)


@weight(2)
@pytest.mark.parametrize("setting", ["temperature=0.7", "top_k=3", "top_p=0.8"])
def check_sample_draws_with_these_probabilities(submission, setting):
    """sample: 3,000 draws with {setting} come as often as they should, within six deviations."""
    name, value = setting.split("=")
    options = {name: int(value) if name == "top_k" else float(value)}
    logits = torch.tensor([0.5, -1.0, 1.5, 0.0, 1.0])
    order = [options.get(each) for each in ("top_k", "top_p")]
    args = (logits, options.get("temperature", 1.0), *order)
    drawn = submission.sample.many([(*args, generator(seed)) for seed in range(DRAWS)])
    odd = next((each for each in drawn if type(each) is not int or not 0 <= each < 5), None)
    if odd is not None:
        raise Mismatch(f"sample(logits, {setting}): returned {describe(odd)}, expected an int")
    shares = torch.bincount(torch.tensor(drawn), minlength=5).double() / DRAWS
    for token, (got, p) in enumerate(zip(shares.tolist(), drawn_with(*args).tolist(), strict=True)):
        bound = 6 * math.sqrt(p * (1 - p) / DRAWS)
        if abs(got - p) > bound:
            message = (
                f"sample(logits, {setting}): token {token} came in {got:.3f} of {DRAWS:,} draws"
            )
            raise Mismatch(f"{message}, expected {p:.3f}", error=abs(got - p), allowed=bound)


def check_sample_uses_the_generator(submission):
    """sample: the generator's seed decides; without one, draws differ."""
    logits, seeds_ = torch.zeros(1000), [generator(seed) for seed in (5, 5, 6, 7)]
    first, again, *others = submission.sample.many(
        [(logits, 1.0, None, None, each) for each in (*seeds_, None, None)]
    )
    if again != first:
        raise Mismatch(f"sample: the same seed gives {describe(first)}, then {describe(again)}")
    if len({first, *others}) < 4:
        raise Mismatch("sample: other seeds, and no seed, give the same token of 1,000")


class Model:
    """A bigram of our own, which remembers what it was asked."""

    def __init__(self, V, seed, sharp=4.0):
        self.table = sharp * torch.randn(V, V, generator=generator(seed))
        self.asked = []

    def __call__(self, ids):
        assert_tensor(ids, "the ids that generate gives to model", dtype=torch.int64)
        self.asked.append(ids.clone())
        if ids.ndim != 2 or ids.numel() == 0:
            raise Mismatch(f"generate called model with ids of shape {tuple(ids.shape)}")
        # Only the last position tells the truth about the next token.
        logits = -self.table[ids]
        logits[:, -1] = self.table[ids[:, -1]]
        return logits

    def greedy(self, ids, n_new):
        ids = ids.tolist()
        for _ in range(n_new):
            ids.append(int(self.table[ids[-1]].argmax()))
        return torch.tensor(ids)


@weight(2)
@given(T=sides(1, 6), n_new=sides(0, 6), block=sides(1, 5), seed=seeds())
@example(T=2, n_new=5, block=3, seed=0)
@example(T=6, n_new=2, block=3, seed=1)
@example(T=2, n_new=0, block=3, seed=1)
@FEW
def check_generate_continues(submission, T, n_new, block, seed):
    """generate: at temperature 0 the prompt is followed by what the last position asks for."""
    model, ids = Model(7, seed), text(7, T, seed)
    got = submission.generate(model, ids, n_new, block, temperature=0.0)
    assert_equal(got, model.greedy(ids, n_new), f"generate(model, ids, {n_new}, {block})")


@weight(2)
def check_generate_asks_with_the_last_block(submission):
    """generate: model sees the last `block` ids, as (1, t), once for each new token."""
    for T, block in ((2, 4), (6, 4), (3, 1)):
        model, ids = Model(5, 3), text(5, T, 4)
        whole = submission.generate(model, ids, 7, block, generator=generator(8))
        whole = assert_tensor(whole, "generate", shape=(T + 7,), dtype=torch.int64)
        expected = [whole[None, max(0, t - block) : t] for t in range(T, T + 7)]
        if len(model.asked) != 7:
            raise Mismatch(f"generate called model {len(model.asked)} times for 7 new tokens")
        for i, (got, context) in enumerate(zip(model.asked, expected, strict=True)):
            assert_equal(got, context, f"the ids for new token {i}, block {block}")


@weight(2)
def check_generate_draws(submission):
    """generate: it draws with the settings given, and the same seed gives the same text."""
    ids = text(9, 3, 1)

    def run(seed, **options):
        model = Model(9, 2, sharp=0.5)
        got = submission.generate(model, ids, 60, 8, **options, generator=generator(seed))
        return assert_tensor(got, "generate", shape=(63,), dtype=torch.int64), model

    first, model = run(5)
    again, _ = run(5)
    other, _ = run(6)
    assert_equal(again, first, "generate, again with the same seed")
    if torch.equal(other, first):
        raise Mismatch("generate: two seeds give the same 60 tokens")
    for options in ({"top_k": 2}, {"top_p": 0.3}, {"temperature": 0.1}):
        got, _ = run(5, **options)
        allowed = torch.stack([drawn_with(row, **options) for row in model.table])
        p = allowed[got[2:-1], got[3:]]
        if float(p.min()) < 1e-7:
            at = int(p.argmin())
            name = ", ".join(f"{k}={v}" for k, v in options.items())
            raise Mismatch(f"generate with {name}: new token {at} has a probability of 0")


def check_keeps_inputs(submission):
    """Ids, tables and logits are the same after the call as before."""
    ids, table = text(4, 9, 0), randn(4, 4, seed=1)
    assert_keeps_inputs(submission.bigram_counts, ids, 4)
    assert_keeps_inputs(submission.text_logprobs, table, ids)
    assert_keeps_inputs(submission.next_probs, spread(6, 0), 0.5, 3, 0.8)
    assert_keeps_inputs(submission.sample, spread(6, 0), 0.5, 3, 0.8)
    assert_keeps_inputs(submission.generate, Model(4, 1), ids, 3, 4, what="generate(model, ids)")


def check_refuses_bad_settings(submission):
    """next_probs: settings outside their range are refused by name."""
    for name, values in (
        ("temperature", (-0.1, -1.0)),
        ("top_k", (0, -2)),
        ("top_p", (0.0, -0.5, 1.1)),
    ):
        for value in values:
            with assert_raises(f"next_probs(logits, {name}={value})", naming=name):
                submission.next_probs(spread(4, 0), **{name: value})
