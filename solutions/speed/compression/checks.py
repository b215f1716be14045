import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader import data
from grader.oracle import (
    Mismatch,
    accuracy,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    cpu_seconds,
    generator,
    merit,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)
from grader.oracle.values import describe

SHARES = (0.0, 0.3, 0.5, 0.8, 1.0)
STEPS, SEEN = 300, 1297
BAR, FALL = 0.30, 0.01
MERIT, MERIT_FALL = 0.18, 0.02


def strided(w):
    return w.T.contiguous().T


@weight(2)
@settings(max_examples=15)
@example(o=1, i=5, share=0.5, seed=0)
@given(o=sides(), i=sides(), share=st.sampled_from(SHARES), seed=seeds())
def check_prunes_the_smallest(submission, o, i, share, seed):
    """Exactly floor(sparsity * n) entries become 0, those of smallest magnitude; the rest stays."""
    w = strided(randn(o, i, seed=seed) + 0.005)
    w[0, 0] = -9.0
    for dtype in (torch.float64, torch.float32):
        assert_pruned(submission.smallest_to_zero(w.to(dtype), share), w.to(dtype), share)


def assert_pruned(got, w, share, what="smallest_to_zero"):
    assert_tensor(got, what, shape=tuple(w.shape), dtype=w.dtype)
    zeros, count = got == 0, int(share * w.numel())
    if int(zeros.sum()) != count:
        raise Mismatch(f"{what}: {int(zeros.sum())} zeros of {w.numel()}, expected {count}")
    assert_equal(got[~zeros], w[~zeros], f"what {what} leaves")
    if 0 < count < w.numel() and w[zeros].abs().max() > w[~zeros].abs().min():
        raise Mismatch(f"{what}: |{w[zeros].abs().max():.3g}| went, and a smaller one stayed")


@settings(max_examples=10)
@given(share=st.sampled_from(SHARES), seed=seeds())
def check_prunes_globally(submission, share, seed):
    """prune_globally takes the smallest of all matrices together, and leaves the biases alone."""
    state = {
        "a.weight": randn(5, 4, seed=seed).float() + 0.005,
        "a.bias": randn(5, seed=seed + 1).float() / 100,
        "b.weight": randn(3, 5, seed=seed + 2).float() / 7 + 0.0005,
    }
    got = submission.prune_globally(state, share)
    if not isinstance(got, dict) or set(got) != set(state):
        raise Mismatch(f"prune_globally: {describe(got)}, expected the keys of state")
    assert_equal(got["a.bias"], state["a.bias"], "a.bias after prune_globally")
    matrices = [name for name in state if name.endswith("weight")]
    for name in matrices:
        assert_tensor(got[name], name, shape=tuple(state[name].shape), dtype=torch.float32)
    mine, whole = (torch.cat([each[n].flatten() for n in matrices]) for each in (got, state))
    assert_pruned(mine, whole, share, "prune_globally")


@weight(2)
@settings(max_examples=15)
@example(o=3, i=4, size=1e-4, seed=0)
@given(o=sides(), i=sides(), size=st.sampled_from([1.0, 1e-4, 50.0]), seed=seeds())
def check_quantises_each_row(submission, o, i, size, seed):
    """Each row has its own scale, max / 127, and no weight moves by more than half of it."""
    w = strided(randn(o, i, seed=seed).float()) * size
    w[o // 2] *= 100
    w[-1, 0] = -w[-1].abs().max() * 2  # the largest magnitude is negative
    if o > 2:
        w[0] = 0
    q, scale = unpack(submission.quantise(w), 2, "quantise")
    largest = w.abs().amax(1)
    assert_close(scale, torch.where(largest == 0, 1.0, largest / 127), "scale", atol=0, rtol=1e-5)
    assert_tensor(q, "q", shape=(o, i), dtype=torch.int8)
    back = submission.dequantise(q, scale)
    assert_close(back, q.float() * scale[:, None], "dequantise(q, scale)", atol=0)
    off = (back - w).abs() / scale[:, None]
    if float(off.max()) > 0.501:
        step = "round to the nearest integer before you convert to int8"
        raise Mismatch(f"a weight moved by {off.max():.3f} of its scale", next_step=step)


@weight(2)
@settings(max_examples=15)
@example(n=2, i=200, o=3, seed=0)
@given(n=sides(1, 4), i=sides(1, 9), o=sides(1, 5), seed=seeds())
def check_multiplies_whole_numbers(submission, n, i, o, seed):
    """int8_linear quantises the rows of x, adds up without overflow, and applies both scales."""
    g = generator(seed)
    qx = torch.randint(-127, 128, (n, i), generator=g, dtype=torch.int8)
    qx[:, 0] = 127  # so that the scale of the row is what we choose
    q = torch.randint(-127, 128, (o, i), generator=g, dtype=torch.int8)
    sx, scale = (torch.rand(size, generator=g) + 0.1 for size in (n, o))
    b = randn(o, seed=seed).float()
    sums = qx.double() @ q.double().T
    expected = (sums * sx.double()[:, None] * scale.double() + b).float()
    got = submission.int8_linear(qx.float() * sx[:, None], q, scale, b)
    assert_close(got, expected, "int8_linear", rtol=1e-4, atol=float(expected.abs().max()) * 1e-4)


def check_keeps_arguments(submission):
    """No function changes what it is given."""
    w = randn(3, 4, seed=1).float()
    q = torch.ones(3, 4, dtype=torch.int8)
    assert_keeps_inputs(submission.smallest_to_zero, w, 0.5)
    assert_keeps_inputs(submission.prune_globally, {"a.weight": w, "a.bias": w[0]}, 0.5)
    assert_keeps_inputs(submission.quantise, w)
    assert_keeps_inputs(submission.int8_linear, w, q, torch.ones(3), torch.zeros(3))


def check_errors(submission):
    """A sparsity outside 0..1 is a ValueError that names it."""
    for share in (-0.1, 1.1):
        with assert_raises(f"sparsity {share}", naming="sparsity"):
            submission.smallest_to_zero(torch.ones(3), share)


def answers(state, x):
    for layer in (0, 2, 4):
        x = F.linear(x, state[f"{layer}.weight"], state[f"{layer}.bias"])
        x = x.relu() if layer < 4 else x
    return x


@pytest.fixture(scope="module")
def digits(seed):
    """Images and labels in an order of ours: the first SEEN train, the others stay here.

    Classes change names as well, so that a network made elsewhere is lost.
    """
    g = generator(seed)
    x, y = data.drawn_digits(g)
    return x, torch.randperm(10, generator=g)[y]


@pytest.fixture(scope="module")
def network(digits, seed):
    """The state of a trained network."""
    x, y = digits
    g = generator(seed)
    sizes = {"0": (256, 64), "2": (128, 256), "4": (10, 128)}
    state = {}
    for name, (o, i) in sizes.items():
        state[f"{name}.weight"] = torch.randn(o, i, generator=g) / i**0.5
        state[f"{name}.bias"] = torch.zeros(o)
    leaves = [each.requires_grad_() for each in state.values()]
    opt = torch.optim.AdamW(leaves, lr=2e-3, weight_decay=0.05)
    for _ in range(STEPS):
        at = torch.randint(SEEN, (64,), generator=g)
        loss = F.cross_entropy(answers(state, x[at]), y[at])
        opt.zero_grad()
        loss.backward()
        opt.step()
    return {name: each.detach() for name, each in state.items()}


@pytest.fixture(scope="module")
def packed(fresh, network):
    """What compress made of it, if it is a dict of tensors."""
    with fresh() as submission:
        found = submission.compress(network)
    whole = isinstance(found, dict) and all(isinstance(v, torch.Tensor) for v in found.values())
    if not whole or not all(isinstance(name, str) and len(name) <= 40 for name in found):
        raise Mismatch(f"compress: {describe(found)}, expected a dict of tensors by short names")
    return found


def read(fresh, packed, x):
    """The digits that `logits` reads, in a process that has only the packed tensors."""
    with fresh() as submission:
        out = submission.logits(packed, x)
    return assert_tensor(out, "logits(packed, x)", shape=(len(x), 10), dtype=torch.float32).argmax(
        1
    )


def judged(fresh, digits, network, packed):
    """Share of the bytes, accuracy before and after."""
    x, y = (part[SEEN:] for part in digits)
    size = sum(each.numel() * each.itemsize for each in packed.values())
    share = size / sum(each.numel() * each.itemsize for each in network.values())
    before = accuracy(answers(network, x).argmax(1), y)
    return share, before, accuracy(read(fresh, packed, x), y)


@weight(3)
def check_small_and_still_right(fresh, digits, network, packed, record):
    """Packed into 30 % of the bytes, the network loses at most one point of accuracy."""
    # Measured on 3 seeds: half pruned and int8 16.3 % and a fall of at most 0.4 points, at 0.8
    # pruned 8.8 % and a fall of 3 to 7 points; int8 without pruning 26.4 %.
    share, before, after = judged(fresh, digits, network, packed)
    record.measure("accuracy before, on 500 unseen digits", before)
    record.measure("accuracy after", after, bar=before - FALL)
    record.measure("bytes after, of those before", share, bar=BAR, better="lower")
    x = digits[0][SEEN:]
    idle, busy = cpu_seconds(
        fresh,
        lambda s: s.logits(packed, x[:1]),
        lambda s: s.logits.many([(packed, x)] * 5),
        rounds=3,
    )
    record.measure("CPU time of 500 digits, packed", 200 * (busy - idle), "ms", better="lower")
    if share > BAR:
        raise Mismatch(f"{share:.1%} of the bytes are left, allowed {BAR:.0%}")
    if after < before - FALL:
        raise Mismatch(f"accuracy fell from {before:.1%} to {after:.1%}, allowed {FALL:.0%}")


@merit
@weight(2)
def check_very_small(fresh, digits, network, packed):
    """Merit: packed into 18 % of the bytes, it loses at most two points."""
    share, before, after = judged(fresh, digits, network, packed)
    if share > MERIT:
        step = "leave the zeros out: a bit for each weight, and the values that are left"
        raise Mismatch(f"{share:.1%} of the bytes are left, merit asks for 18%", next_step=step)
    if after < before - MERIT_FALL:
        raise Mismatch(f"accuracy fell from {before:.1%} to {after:.1%}, merit allows 2%")


@weight(2)
def check_pruned_network(submission, digits, network, record):
    """Pruned globally by half it loses at most two points, and by 80 % it beats chance pruning."""
    x, y = (part[SEEN:] for part in digits)
    points = {"by magnitude": [], "by chance": []}
    for share in (0.0, 0.5, 0.8, 0.9, 0.95, 0.98):
        smallest = submission.prune_globally(network, share)
        g = generator(3)
        chance = {
            n: each * (torch.rand(each.shape, generator=g) >= share) if each.ndim == 2 else each
            for n, each in network.items()
        }
        for name, state in (("by magnitude", smallest), ("by chance", chance)):
            points[name].append((share, accuracy(answers(state, x).argmax(1), y)))
    record.curve(
        title="Accuracy by sparsity, measured by the grader",
        x_label="share of weights set to 0",
        y_label="share of unseen digits read right",
        series={name: tuple(rows) for name, rows in points.items()},
    )
    mine, luck = (dict(rows) for rows in points.values())
    if mine[0.5] < mine[0.0] - MERIT_FALL:
        raise Mismatch(f"pruned by half, accuracy fell from {mine[0.0]:.1%} to {mine[0.5]:.1%}")
    if mine[0.8] <= luck[0.8]:
        raise Mismatch(f"at 80%: {mine[0.8]:.1%} by magnitude, {luck[0.8]:.1%} by chance")
