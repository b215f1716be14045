import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import Mismatch, assert_equal, assert_raises, generator, randn, weight
from grader.oracle.values import describe
from grader.proxy import Remote

KEYS = ("model", "opt", "sched", "rng", "epoch", "extra")
X, Y = randn(22, 4, seed=1, dtype=torch.float32), torch.randint(3, (22,), generator=generator(2))
PARTS = ("model", "opt", "sched", "the random state of torch", "the random state of Python")
NAMES = st.sampled_from(["a.weight", "a.bias", "b.weight", "norm.mean", "module.x", "c"])
SHAPES = st.dictionaries(NAMES, st.lists(st.integers(1, 3), max_size=2), max_size=5)


def assert_same(got, expected, what):
    """Two trees of plain values are equal, tensors to the bit."""
    if isinstance(expected, torch.Tensor):
        assert_equal(got, expected, what)
    elif isinstance(expected, dict) and isinstance(got, dict) and set(got) == set(expected):
        for key in expected:
            assert_same(got[key], expected[key], f"{what}, {key}")
    elif isinstance(expected, list | tuple) and type(got) is type(expected):
        if len(got) != len(expected):
            raise Mismatch(f"{what}: {describe(got)}, expected {describe(expected)}")
        for k, (mine, right) in enumerate(zip(got, expected, strict=True)):
            assert_same(mine, right, f"{what}, {k}")
    elif isinstance(got, torch.Tensor) or type(got) is not type(expected) or got != expected:
        raise Mismatch(f"{what}: got {str(got)[:100]}, expected {str(expected)[:100]}")


def assert_state(submission, parts, expected, when):
    """Model, optimiser, scheduler and random states are these."""
    for name, mine, right in zip(PARTS, submission.everything(*parts), expected, strict=True):
        assert_same(mine, right, f"{name} {when}")


def trained(submission, name="adam", seed=1, epochs=2):
    submission.seed(seed)
    parts = submission.started(name)
    submission.train(*parts, X, Y, epochs)
    return parts


def saved(submission, parts, epoch=2, extra=None):
    """A checkpoint, if it has the six keys and plain values only."""
    got = submission.save_checkpoint(*parts, epoch, extra)
    if not isinstance(got, dict) or set(got) != set(KEYS):
        raise Mismatch(f"save_checkpoint: returned {describe(got)}, expected the six keys")
    for key in KEYS:
        assert_plain(got[key], key)
    return got


def assert_plain(value, where):
    if isinstance(value, Remote):
        what = f"save_checkpoint: in {where} stands {describe(value)}, not a plain value"
        raise Mismatch(what, next_step="save state_dict(), not the object")
    for each in value.values() if isinstance(value, dict) else ():
        assert_plain(each, where)
    for each in value if isinstance(value, list | tuple) else ():
        assert_plain(each, where)


@weight(4)
@pytest.mark.parametrize(("name", "first"), [("adam", 4), ("adam", 1), ("sgd", 5)])
def check_continues_exactly(fresh, name, first):
    """{name}: 10 epochs equal {first}, a new process, and the rest, to the last bit."""
    with fresh() as submission:
        submission.seed(3)
        parts = submission.started(name)
        losses = submission.train(*parts, X, Y, first)
        checkpoint = saved(submission, parts, first)
        losses += submission.train(*parts, X, Y, 10 - first)
        final = submission.everything(*parts)
    with fresh() as submission:
        submission.seed(99)
        parts = submission.started(name)
        back = submission.load_checkpoint(checkpoint, *parts)
        assert_same(back, {"epoch": first, "extra": None}, "what load_checkpoint returned")
        again = submission.train(*parts, X, Y, 10 - first)
        what = f"after {first} + {10 - first} epochs of {name}"
        assert_same(again, losses[-len(again) :], f"the losses {what}")
        assert_state(submission, parts, final, what)


@weight(2)
def check_saves_everything(submission):
    """save_checkpoint: the six parts are there as plain values, epoch and extra as given."""
    for name in ("adam", "sgd"):
        parts = trained(submission, name)
        extra = {"best": 0.25, "history": [1.5, 0.5], "ema": torch.ones(2)}
        got = saved(submission, parts, 7, extra)
        rng = got["rng"] if isinstance(got["rng"], dict) else {}
        mine = [got["model"], got["opt"], got["sched"], rng.get("torch"), rng.get("python")]
        for part, left, right in zip(PARTS, mine, submission.everything(*parts), strict=True):
            assert_same(left, right, f"{part} in the checkpoint")
        assert_same(got["epoch"], 7, "epoch in the checkpoint")
        assert_same(got["extra"], extra, "extra in the checkpoint")


@weight(2)
def check_saving_is_a_snapshot(submission):
    """save_checkpoint: training on does not change a checkpoint, and saving changes nothing."""
    parts = trained(submission)
    before = submission.everything(*parts)
    saved(submission, parts)
    assert_state(submission, parts, before, "after save_checkpoint")
    got = submission.save_and_go_on(*parts, X, Y)
    rng = got["rng"]
    mine = [got["model"], got["opt"], got["sched"], rng["torch"], rng["python"]]
    for part, left, right in zip(PARTS, mine, before, strict=True):
        assert_same(left, right, f"{part} in the checkpoint, two epochs later")


def check_loading_keeps_the_checkpoint(submission):
    """load_checkpoint: epoch and extra come back, and the checkpoint can be loaded again later."""
    checkpoint = saved(submission, trained(submission), 2, ["note", 4.5])
    wanted = trained(submission, seed=1)
    expected = submission.everything(*wanted)
    parts = submission.started("adam")
    for _ in range(2):
        back, (after, *_), _ = submission.load_checkpoint.keeping(checkpoint, *parts)
        assert_same(back, {"epoch": 2, "extra": ["note", 4.5]}, "what load_checkpoint returned")
        assert_same(after, checkpoint, "the checkpoint after load_checkpoint")
        assert_state(submission, parts, expected, "after load_checkpoint")
        submission.train(*parts, X, Y, 1)


def damaged(checkpoint, other):
    """What is wrong, the text that the message must contain, and the checkpoint."""
    model = checkpoint["model"]
    yield "no dict", "checkpoint", [1, 2, 3]
    for key in KEYS:
        yield f"without {key}", key, {k: v for k, v in checkpoint.items() if k != key}
    without = {k: v for k, v in model.items() if k != "1.running_mean"}
    yield "without a buffer", "1.running_mean", {**checkpoint, "model": without}
    more = {**model, "9.weight": torch.zeros(2)}
    yield "with one parameter too many", "9.weight", {**checkpoint, "model": more}
    wide = {**model, "3.weight": torch.zeros(3, 7)}
    yield "with another shape", "3.weight", {**checkpoint, "model": wide}
    marked = {f"module.{k}": v for k, v in model.items()}
    yield "with a prefix", "module.", {**checkpoint, "model": marked}
    groups = [{**each, "params": each["params"][:-1]} for each in checkpoint["opt"]["param_groups"]]
    short = {**checkpoint["opt"], "param_groups": groups}
    yield "with an optimiser of fewer parameters", "opt", {**other, "opt": short}
    yield "with a schedule that is none", "sched", {**other, "sched": None}
    rng = {**checkpoint["rng"], "torch": checkpoint["rng"]["torch"][:100].clone()}
    yield "with half a random state of torch", "rng", {**other, "rng": rng}
    rng = {**checkpoint["rng"], "python": (3, (1, 2), None)}
    yield "with half a random state of Python", "rng", {**other, "rng": rng}


@weight(2)
def check_failures_are_readable(submission):
    """load_checkpoint: what does not fit is a CheckpointError that says what it is."""
    checkpoint = saved(submission, trained(submission))
    for wrong, naming, each in damaged(checkpoint, checkpoint):
        parts = submission.started("adam")
        with assert_raises(f"a checkpoint {wrong}", "CheckpointError", naming=naming):
            submission.load_checkpoint(each, *parts)


@weight(2)
def check_failures_change_nothing(submission):
    """load_checkpoint: after a failure model, opt, sched and random states are what they were."""
    checkpoint = saved(submission, trained(submission, seed=5, epochs=4))
    parts = trained(submission, seed=6, epochs=1)
    before = submission.everything(*parts)
    for wrong, _, each in damaged(checkpoint, checkpoint):
        with assert_raises(f"a checkpoint {wrong}", "CheckpointError"):
            submission.load_checkpoint(each, *parts)
        assert_state(submission, parts, before, f"after a checkpoint {wrong}")


@weight(2)
@settings(max_examples=25)
@example(model={"a": [2]}, other={"module.a": [2]})
@example(model={"module.a": [2]}, other={"module.a": [3], "module.b": []})
@example(model={"a": [2], "b": [3, 1]}, other={"b": [1, 3], "c": [2]})
@example(model={"a": [2]}, other={"module.a": [2], "b": [1]})
@example(model={"a": [2]}, other={})
@given(model=SHAPES, other=SHAPES)
def check_explains(submission, model, other):
    """explain_mismatch: prefix, missing, unexpected and shape are right, and sorted."""
    marked = bool(other) and all(name.startswith("module.") for name in other)
    prefix = "module." if marked and not any(n.startswith("module.") for n in model) else ""
    there = {name[len(prefix) :]: shape for name, shape in other.items()}
    names = sorted({*model, *there})
    expected = {
        "prefix": prefix,
        "missing": [n for n in names if n not in there],
        "unexpected": [n for n in names if n not in model],
        "shape": [
            (n, model[n], there[n])
            for n in names
            if n in model and n in there and model[n] != there[n]
        ],
    }
    assert_same(submission.explain_mismatch(model, other), expected, "explain_mismatch")
