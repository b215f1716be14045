import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_raises,
    generator,
    randn,
    seeds,
    weight,
)
from grader.oracle.values import describe

IGNORED, FEATURES, WIDTH, CLASSES = -100, 4, 5, 3
EXACT = {
    **dict.fromkeys(("Linear", "Embedding", "LayerNorm", "GroupNorm", "BatchNorm1d in eval"), True),
    **dict.fromkeys(("BatchNorm1d", "Dropout"), False),
}
# torch divides by the norm + 1e-6; whoever clips by hand may leave that out.
CLIPPED = {"rtol": 1e-6, "atol": 1e-6}
OPTIMISERS = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}


class Whole:
    """The same network out here, which takes whole batches."""

    def __init__(self, seed, optimiser="sgd", lr=1.0, dtype=torch.float64):
        layers = nn.Linear(FEATURES, WIDTH), nn.Tanh(), nn.Linear(WIDTH, CLASSES)
        self.model = nn.Sequential(*layers).to(dtype)
        parameters = list(self.model.named_parameters())
        weights = {name: randn(*p.shape, seed=seed + k) for k, (name, p) in enumerate(parameters)}
        self.model.load_state_dict(weights)
        self.opt = OPTIMISERS[optimiser](self.model.parameters(), lr=lr)

    def step(self, parts, max_norm=None):
        """One step on all parts as one batch; the loss."""
        x = torch.cat([x.flatten(0, -2) for x, _ in parts])
        y = torch.cat([y.flatten() for _, y in parts])
        loss = cross_entropy(self.model(x), y, ignore_index=IGNORED)
        self.opt.zero_grad()
        loss.backward()
        if max_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), max_norm)
        self.opt.step()
        return loss.item()


def inside(submission, whole, optimiser="sgd", lr=1.0):
    """Model, optimiser and loss in the box, with the weights of the one out here."""
    state = {name: value.clone() for name, value in whole.model.state_dict().items()}
    model = submission.deep(FEATURES, WIDTH, CLASSES, 1)
    model = model.to(next(iter(state.values())).dtype)
    model.load_state_dict(state)
    return model, getattr(submission, optimiser)(model, lr), submission.value("mean_loss")


def rows(sizes, seed, dtype=torch.float64):
    """Micro-batches of so many rows, one target each."""
    x = randn(sum(sizes), FEATURES, seed=seed + 50, dtype=dtype)
    y = torch.randint(CLASSES, (sum(sizes),), generator=generator(seed))
    return list(zip(x.split(sizes), y.split(sizes), strict=True))


def tokens(kept, seed, length=5):
    """Micro-batches of two rows of tokens, of which so many are kept."""
    parts = []
    for k, count in enumerate(kept):
        g = generator(seed + k)
        y = torch.randint(CLASSES, (2 * length,), generator=g)
        y[torch.randperm(2 * length, generator=g)[count:]] = IGNORED
        parts.append((randn(2, length, FEATURES, seed=seed + k), y.view(2, length)))
    return parts


def agree(model, whole, what, **close):
    got = model.state_dict()
    for name, expected in whole.model.state_dict().items():
        assert_close(got[name], expected, f"{name} after {what}", **close)


def assert_loss(got, expected, what):
    if type(got) is not float:
        raise Mismatch(f"{what}: {describe(got)}, expected a float", next_step="use .item()")
    if not math.isclose(got, expected, rel_tol=1e-6):
        raise Mismatch(f"{what}: got {got:.6g}, expected {expected:.6g}")


@weight(3)
@settings(max_examples=15)
@example(sizes=[7, 7, 1], seed=0)
@example(sizes=[1, 9], seed=1)
@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=5), seed=seeds())
def check_equals_the_whole_batch(submission, sizes, seed):
    """One step on micro-batches of any sizes changes the weights as one on the whole batch does."""
    whole, parts = Whole(seed), rows(sizes, seed)
    model, opt, loss_fn = inside(submission, whole)
    whole.step(parts)
    submission.accumulate_step(model, opt, loss_fn, parts)
    agree(model, whole, f"a step on parts of {sizes} rows")


@weight(2)
@settings(max_examples=8)
@example(kept=[10, 1, 4], seed=0)
@given(kept=st.lists(st.integers(1, 10), min_size=2, max_size=4), seed=seeds())
def check_counts_kept_tokens(submission, kept, seed):
    """Tokens that are ignored count neither in a part nor in the whole."""
    whole, parts = Whole(seed), tokens(kept, seed)
    model, opt, loss_fn = inside(submission, whole)
    expected = whole.step(parts)
    got = submission.accumulate_step(model, opt, loss_fn, parts)
    agree(model, whole, f"a step on parts with {kept} kept tokens")
    assert_loss(got, expected, f"the loss of parts with {kept} kept tokens")


def check_part_without_targets(submission):
    """A micro-batch in which every target is ignored changes nothing."""
    for kept in ([0, 6, 3], [6, 0, 3], [6, 3, 0]):
        whole, parts = Whole(2), tokens(kept, 2)
        model, opt, loss_fn = inside(submission, whole)
        expected = whole.step(parts)
        got = submission.accumulate_step(model, opt, loss_fn, parts)
        agree(model, whole, f"a step on parts with {kept} kept tokens")
        assert_loss(got, expected, f"the loss of parts with {kept} kept tokens")


def check_returns_the_loss(submission):
    """What is returned is the loss of the whole batch before the step, as a float."""
    for sizes in ([4, 4], [8, 8, 1], [1, 5]):
        whole, parts = Whole(7), rows(sizes, 7)
        model, opt, loss_fn = inside(submission, whole)
        got = submission.accumulate_step(model, opt, loss_fn, parts)
        assert_loss(got, whole.step(parts), f"the loss of parts of {sizes} rows")


@weight(2)
def check_steps_once(submission):
    """Three steps of AdamW in a row: one change per call, and no gradient from before."""
    whole = Whole(3, "adamw", 0.1)
    model, opt, loss_fn = inside(submission, whole, "adamw", 0.1)
    # A call that breaks off leaves gradients behind.
    odd = randn(2, FEATURES + 1, seed=1), torch.zeros(2, dtype=torch.int64)
    with assert_raises("a micro-batch with one feature too many", "RuntimeError"):
        submission.accumulate_step(model, opt, loss_fn, [*rows([6], 7), odd])
    for k in range(3):
        parts = rows([6, 6, 2], 10 * k)
        whole.step(parts)
        submission.accumulate_step(model, opt, loss_fn, parts)
        agree(model, whole, f"step {k + 1} of AdamW")


@weight(2)
def check_clips_the_whole(submission):
    """`max_norm` clips the gradient of the whole batch, once; a longer one leaves it alone."""
    for max_norm in (0.01, 0.1, 100.0):
        for parts in (rows([5, 5, 2], 5), rows([9], 5), tokens([6, 3, 0], 5)):
            whole = Whole(5)
            model, opt, loss_fn = inside(submission, whole)
            whole.step(parts, max_norm)
            submission.accumulate_step(model, opt, loss_fn, parts, max_norm=max_norm)
            agree(model, whole, f"a step with max_norm {max_norm}", **CLIPPED)


@weight(2)
def check_epoch(submission):
    """An epoch steps on each group, the smaller last one too, and moves the schedule each time."""
    for count, every in ((5, 2), (4, 2), (3, 4), (3, 1)):
        whole = Whole(9)
        model, opt, loss_fn = inside(submission, whole)
        schedule = torch.optim.lr_scheduler.ExponentialLR(whole.opt, 0.5)
        parts = rows([3] * (count - 1) + [1], 9)
        expected = []
        for start in range(0, count, every):
            expected.append(whole.step(parts[start : start + every], 0.5))
            schedule.step()
        halving = submission.halving(opt)
        losses = submission.train_epoch(model, opt, halving, loss_fn, parts, every, max_norm=0.5)
        what = f"an epoch of {count} micro-batches in groups of {every}"
        if not isinstance(losses, list) or len(losses) != len(expected):
            raise Mismatch(f"{what}: {describe(losses)}, expected {len(expected)} losses")
        for k, (mine, right) in enumerate(zip(losses, expected, strict=True)):
            assert_loss(mine, right, f"loss {k + 1} of {what}")
        agree(model, whole, what, **CLIPPED)


@weight(2)
def check_fits_where_one_part_fits(submission, record):
    """Eight micro-batches run on a device of 6 MB, which has room for about three at once."""
    # Measured: 2.2 MB at most for the reference, 10 MB for one backward pass at the end.
    model = submission.deep(8, 64, CLASSES, 6)
    loss_fn = submission.value("mean_loss")
    parts = [(x.repeat(1, 2), y) for x, y in rows([1024] * 8, 0, torch.float32)]
    submission.accumulate_step(model, submission.sgd(model, 0.1), loss_fn, parts)
    peak = submission.ask({"op": "memory"}, "accumulate_step")["value"]["peak"]
    record.measure("peak on the simulated device", peak / 2**20, "MB", bar=6, better="lower")


def check_keeps_arguments(submission):
    """The micro-batches stay as they are, and the model stays in the mode in which it came."""
    for training in (True, False):
        whole, parts = Whole(4), tokens([4, 7, 0], 4)
        model, opt, loss_fn = inside(submission, whole)
        model.train(training)
        _, args, _ = submission.accumulate_step.keeping(model, opt, loss_fn, parts)
        for k, ((x, y), (x_after, y_after)) in enumerate(zip(parts, args[3], strict=True)):
            assert_equal(x_after, x, f"x of micro-batch {k} afterwards")
            assert_equal(y_after, y, f"y of micro-batch {k} afterwards")
        if model.training is not training:
            raise Mismatch(f"model.training was {training} before and is {model.training} after")


def check_float32(submission):
    """A float32 model is trained as well, and stays float32."""
    whole = Whole(6, dtype=torch.float32)
    parts = rows([6, 6, 1], 6, torch.float32)
    model, opt, loss_fn = inside(submission, whole)
    whole.step(parts, 0.3)
    submission.accumulate_step(model, opt, loss_fn, parts, max_norm=0.3)
    agree(model, whole, "a step in float32")


def check_errors(submission):
    """No kept target at all, and groups of no micro-batch, are ValueErrors that name them."""
    model, opt, loss_fn = inside(submission, Whole(0))
    for parts in ([], tokens([0, 0], 0)):
        with assert_raises(f"{len(parts)} parts, nothing kept", naming="micro_batches"):
            submission.accumulate_step(model, opt, loss_fn, parts)
    schedule = submission.halving(opt)
    with assert_raises("train_epoch with every=0", naming="every"):
        submission.train_epoch(model, opt, schedule, loss_fn, rows([3], 0), 0)


def check_exact(submission):
    """EXACT tells of each layer whether accumulation equals the whole batch."""
    mine = submission.value("EXACT")
    if not isinstance(mine, dict) or set(mine) != set(EXACT):
        raise Mismatch(f"EXACT is {describe(mine)}, expected the {len(EXACT)} keys of the stub")
    blank = [name for name in EXACT if type(mine[name]) is not bool]
    if blank:
        raise Mismatch(f"EXACT[{blank[0]!r}] is {describe(mine[blank[0]])}, expected True or False")
    wrong = sum(mine[name] is not EXACT[name] for name in EXACT)
    if wrong:
        step = "ask of each layer: does one row's output depend on the rest of the batch, or luck?"
        raise Mismatch(f"{wrong} of the {len(EXACT)} answers in EXACT are wrong", next_step=step)
