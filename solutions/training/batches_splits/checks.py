from itertools import pairwise

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
    unpack,
    weight,
)
from grader.oracle.values import describe

PARTS = ("train", "val", "test")
ROUND = "round the two bounds between the parts, not the three sizes"
FRACTIONS = st.sampled_from(
    [(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.6, 0.2, 0.2), (1 / 3, 1 / 3, 1 / 3), (0.7, 0.3, 0.0)]
)


def demand(got, expected, what, next_step=""):
    plain = not isinstance(got, torch.Tensor) and type(got) is type(expected)
    if not plain or got != expected:
        message = f"{what}: got {str(got)[:200]}, expected {str(expected)[:200]}"
        raise Mismatch(message, next_step=next_step)


def rows_of(got, what):
    """All rows of the batches in their order, if they are lists of ints."""
    lists = isinstance(got, list) and all(isinstance(batch, list) for batch in got)
    if not lists or not all(type(row) is int for batch in got for row in batch):
        raise Mismatch(f"{what}: returned {describe(got)}, expected a list of lists of int")
    return [row for batch in got for row in batch]


def parts_of(got, n, what):
    """The three parts as lists, if they are disjoint and hold every row."""
    if not isinstance(got, dict) or sorted(got) != sorted(PARTS):
        raise Mismatch(f"{what}: returned {describe(got)}, expected a dict of train, val, test")
    for name in PARTS:
        assert_tensor(got[name], f"{name} of {what}", dtype=torch.int64)
        if got[name].ndim != 1:
            raise Mismatch(f"{name} of {what}: {describe(got[name])}, expected one axis")
    together = torch.cat([got[name] for name in PARTS]).sort().values.tolist()
    if together != list(range(n)):
        missing, twice = n - len(set(together)), len(together) - len(set(together))
        message = f"{what}: {missing} of {n} rows are in no part, {twice} are there twice or more"
        raise Mismatch(message)
    return [got[name].tolist() for name in PARTS]


def near(count, wanted, slack, what, next_step=""):
    if abs(count - wanted) > slack + 1e-6:
        message = f"{what}: {count} rows, expected {wanted:.1f}, give or take {slack}"
        raise Mismatch(message, next_step=next_step)


@weight(2)
@example(n=7, size=3, shuffle=True, drop=False, seed=0, epoch=0)
@example(n=7, size=3, shuffle=True, drop=True, seed=0, epoch=0)
@example(n=6, size=3, shuffle=False, drop=True, seed=0, epoch=0)
@example(n=0, size=3, shuffle=True, drop=False, seed=0, epoch=0)
@given(
    n=st.integers(0, 40),
    size=st.integers(1, 12),
    shuffle=st.booleans(),
    drop=st.booleans(),
    seed=st.integers(0, 999),
    epoch=st.integers(0, 999),
)
def check_batches(submission, n, size, shuffle, drop, seed, epoch):
    """batches: every row comes once, in batches of the right size; in order without shuffle."""
    what = f"batches({n}, {size}, shuffle={shuffle}, drop_last={drop})"
    got = submission.batches(n, size, shuffle, drop, seed, epoch)
    rows = rows_of(got, what)
    sizes = [min(size, n - i) for i in range(0, n, size)]
    sizes = [each for each in sizes if each == size or not drop]
    demand([len(batch) for batch in got], sizes, f"sizes of {what}")
    if shuffle:
        demand(len(set(rows)), len(rows), f"different rows in {what}")
        demand([row for row in rows if not 0 <= row < n], [], f"rows outside 0..{n - 1} in {what}")
    else:
        demand(rows, list(range(sum(sizes))), f"rows of {what}")


def check_batches_defaults(submission):
    """batches(n, batch_size): nothing is shuffled and nothing is left out, unless one asks."""
    demand(submission.batches(8, 3), [[0, 1, 2], [3, 4, 5], [6, 7]], "batches(8, 3)")


@weight(2)
def check_order_follows_seed_and_epoch(submission):
    """batches: 36 pairs (seed, epoch) give 36 different orders, and each gives its own again."""
    pairs = [(seed, epoch) for seed in range(6) for epoch in range(6)]
    calls = [(30, 4, True, False, seed, epoch) for seed, epoch in pairs]
    first, again = submission.batches.many(calls), submission.batches.many(calls[::-1])[::-1]
    seen = {}
    for pair, order, second in zip(pairs, first, again, strict=True):
        what = f"(seed, epoch) = {pair}"
        demand(second, order, f"batches of {what}, asked again")
        rows = tuple(rows_of(order, f"batches of {what}"))
        if rows in seen:
            submission.batches(30, 4, True, False, *pair)  # the verdict shows the last call
            raise Mismatch(f"batches: the order of {what} is that of {seen[rows]}")
        seen[rows] = pair


def check_every_order_is_likely(submission):
    """batches: over 600 epochs every row comes about equally often at every place."""
    n, epochs = 5, 600
    calls = [(n, 2, True, False, 7, epoch) for epoch in range(epochs)]
    orders = [rows_of(got, "batches") for got in submission.batches.many(calls)]
    if any(sorted(order) != list(range(n)) for order in orders):
        raise Mismatch("batches(5, 2, shuffle=True): not every row comes once")
    # 120 expected, standard deviation 9.8: the bounds are six of them away.
    for row in range(n):
        for place in range(n):
            count = sum(order[place] == row for order in orders)
            what = f"row {row} comes {count} times at place {place} in {epochs} epochs"
            if not 61 <= count <= 179:
                raise Mismatch(f"{what}, expected about {epochs // n}")
        after = sum((row, (row + 1) % n) in pairwise(o) for o in orders)
        if not 61 <= after <= 179:
            what = f"row {(row + 1) % n} directly follows row {row} in {after} of {epochs} epochs"
            raise Mismatch(f"{what}, expected about {epochs // n}: permute rows, not batches")


@weight(2)
@example(lengths=[2, 5, 1, 3], pad_id=7, seed=0)
@example(lengths=[0, 2], pad_id=-1, seed=0)
@example(lengths=[0], pad_id=3, seed=0)
@given(
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    pad_id=st.integers(-2, 9),
    seed=seeds(),
)
def check_padding(submission, lengths, pad_id, seed):
    """pad_collate: sequences stand at the left, pad_id at the right, and the mask tells which."""
    g = generator(seed)
    seqs = [torch.randint(0, 10, (t,), generator=g) for t in lengths]
    T = max(lengths)
    ids = torch.tensor([seq.tolist() + [pad_id] * (T - len(seq)) for seq in seqs])
    mask = torch.tensor([[t < length for t in range(T)] for length in lengths])
    ids, mask = (each.reshape(len(seqs), T) for each in (ids.long(), mask.bool()))
    what = f"pad_collate of lengths {lengths}"
    got = unpack(submission.pad_collate(seqs, pad_id), 3, what)
    expected = (ids, mask, torch.tensor(lengths))
    for name, mine, right in zip(("ids", "mask", "lengths"), got, expected, strict=True):
        assert_equal(mine, right, f"{name} of {what}")


@weight(2)
@example(n=7, fractions=(0.5, 0.25, 0.25), seed=0)
@example(n=10, fractions=(1 / 3, 1 / 3, 1 / 3), seed=0)
@example(n=1, fractions=(0.8, 0.1, 0.1), seed=0)
@given(n=st.integers(1, 80), fractions=FRACTIONS, seed=seeds())
def check_split(submission, n, fractions, seed):
    """split: every row is in exactly one part, and each part has its share up to one row."""
    what = f"split({n}, {fractions})"
    parts = parts_of(submission.split(n, fractions, seed), n, what)
    for name, rows, fraction in zip(PARTS, parts, fractions, strict=True):
        near(len(rows), fraction * n, 1, f"{name} of {what}", ROUND)


def check_split_is_random(submission):
    """split: rows are drawn, not taken in order; the seed alone decides which."""
    y, groups = torch.arange(60) % 3, torch.arange(60) // 2
    for how in ({}, {"y": y}, {"groups": groups}):
        what = f"split(60, ..., {', '.join(how) or 'plain'})"
        train = []
        for seed in (1, 2, 1):
            got = submission.split(60, (0.6, 0.2, 0.2), seed, **how)
            train.append(sorted(parts_of(got, 60, what)[0]))
        demand(train[2], train[0], f"train of {what} with the same seed again")
        if train[0] == train[1]:
            raise Mismatch(f"{what}: two seeds give the same train part")
        if train[0] == list(range(len(train[0]))):
            raise Mismatch(f"{what}: the train part is the first rows; data may be sorted")


@weight(2)
@example(sizes=[5, 1, 1, 1, 2], fractions=(0.6, 0.2, 0.2), seed=0)
@example(sizes=[3] * 9, fractions=(0.5, 0.25, 0.25), seed=0)
@given(
    sizes=st.lists(st.integers(1, 8), min_size=1, max_size=12), fractions=FRACTIONS, seed=seeds()
)
def check_split_keeps_groups(submission, sizes, fractions, seed):
    """split with groups: no group is in two parts, even where its rows lie apart."""
    names = torch.tensor([7 * k + 3 for k, size in enumerate(sizes) for _ in range(size)])
    n = len(names)
    groups = names[torch.randperm(n, generator=generator(seed))]
    what = f"split of groups of {sizes} rows"
    parts = parts_of(submission.split(n, fractions, seed % 1000, groups=groups), n, what)
    where = {}
    for name, rows, fraction in zip(PARTS, parts, fractions, strict=True):
        for group in set(groups[rows].tolist()):
            if group in where:
                raise Mismatch(f"{what}: a group is in {where[group]} and in {name}")
            where[group] = name
        near(len(rows), fraction * n, max(sizes), f"{name} of {what}")


@weight(2)
@example(sizes=[40, 5, 10], fractions=(0.6, 0.2, 0.2), seed=0)
@example(sizes=[20, 4], fractions=(0.5, 0.25, 0.25), seed=1)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4), fractions=FRACTIONS, seed=seeds()
)
def check_split_by_class(submission, sizes, fractions, seed):
    """split with y: of every class each part has its share, up to one row."""
    classes = torch.tensor([k for k, size in enumerate(sizes) for _ in range(size)])
    n = len(classes)
    y = classes[torch.randperm(n, generator=generator(seed))]
    what = f"split of classes of {sizes} rows"
    parts = parts_of(submission.split(n, fractions, seed % 1000, y=y), n, what)
    for name, rows, fraction in zip(PARTS, parts, fractions, strict=True):
        for k, size in enumerate(sizes):
            count = int((y[rows] == k).sum())
            near(count, fraction * size, 1, f"class {k} in {name} of {what}", ROUND)


def table(dtype=torch.float64):
    """Thirteen rows whose test part is far from the train part; column 3 is constant in train."""
    X = randn(13, 4, seed=3) * torch.tensor([1.0, 10.0, 0.1, 1.0]) + torch.tensor([0, 5, -2, 0])
    parts = {
        "train": torch.tensor([12, 0, 3, 5, 7, 2]),
        "val": torch.tensor([1, 4, 6]),
        "test": torch.tensor([8, 9, 11, 10]),
    }
    X[parts["test"]] += 20.0
    X[parts["train"], 3] = 0.1
    return X.to(dtype), parts


def scaled(submission, X, parts):
    got = submission.scale_parts(X, parts)
    if not isinstance(got, dict) or sorted(got) != sorted(PARTS):
        raise Mismatch(f"scale_parts: returned {describe(got)}, expected the names of parts")
    return got


@weight(2)
def check_scaling(submission):
    """scale_parts: all parts are scaled by the mean and the std of the train rows."""
    for dtype, tolerance in ((torch.float64, {}), (torch.float32, {"rtol": 1e-4, "atol": 1e-4})):
        X, parts = table(dtype)
        train = X[parts["train"]].double()
        std = train.var(0, correction=0).sqrt()
        std[3] = 1.0
        got = scaled(submission, X.T.contiguous().T, parts)
        for name in PARTS:
            expected = ((X[parts[name]].double() - train.mean(0)) / std).to(dtype)
            assert_close(got[name], expected, f"{name} of scale_parts", **tolerance)


def check_scaling_does_not_leak(submission):
    """scale_parts: other validation and test rows leave the train part equal to the bit."""
    X, parts = table()
    before = scaled(submission, X, parts)["train"]
    assert_tensor(before, "train of scale_parts", shape=(6, 4), dtype=X.dtype)
    other = X.clone()
    other[torch.cat([parts["val"], parts["test"]])] *= -3.0
    after = scaled(submission, other, parts)["train"]
    assert_equal(after, before, "train of scale_parts after val and test changed")


@settings(max_examples=20)
@example(na=2, nb=3, d=2, seed=0)
@example(na=0, nb=3, d=2, seed=0)
@example(na=9, nb=8, d=2, seed=3)
@given(na=st.integers(0, 9), nb=st.integers(0, 9), d=st.integers(1, 3), seed=seeds())
def check_leaks(submission, na, nb, d, seed):
    """find_leaks: exactly the pairs of rows that are equal in every column, sorted."""
    A, B = (torch.randint(0, 3, (n, d), generator=generator(seed + n)).double() for n in (na, nb))
    if na > 1 and nb > 1:
        B[0] = A[1] + 1e-7  # close is not equal
        B[1] = A[0]
    expected = [(i, j) for i in range(na) for j in range(nb) if A[i].tolist() == B[j].tolist()]
    what = f"find_leaks of {na} and {nb} rows"
    demand(submission.find_leaks(A, B), expected, what, "a list of tuples of two ints")


def check_errors(submission):
    """What cannot be done is a ValueError that names the argument."""
    with assert_raises("batches(5, 0)", naming="batch_size"):
        submission.batches(5, 0)
    with assert_raises("pad_collate of no sequences", naming="seqs"):
        submission.pad_collate([], 0)
    for fractions in ((0.8, 0.3, 0.1), (0.5, 0.2, 0.2), (1.2, -0.1, -0.1)):
        with assert_raises(f"split(20, {fractions})", naming="fractions"):
            submission.split(20, fractions, 0)
    labels = torch.arange(20) % 2
    with assert_raises("split with groups and y", naming="groups"):
        submission.split(20, (0.8, 0.1, 0.1), 0, groups=labels, y=labels)


def check_keeps_its_arguments(submission):
    """No function changes the tensors that it is given."""
    X, parts = table()
    assert_keeps_inputs(submission.find_leaks, X, X.clone())
    assert_keeps_inputs(submission.split, 13, (0.6, 0.2, 0.2), 1, y=torch.arange(13) % 2)
    _, (after, rows), _ = submission.scale_parts.keeping(X, parts)
    assert_equal(after, X, "X after scale_parts")
    for name in PARTS:
        assert_equal(rows[name], parts[name], f"parts['{name}'] after scale_parts")
