import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_raises,
    generator,
    seeds,
    sides,
    weight,
)
from grader.oracle.values import describe
from grader.proxy import Refused

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
COPIES = {"sgd": 0, "momentum": 1, "adamw": 2}
KEPT = (1.0, 1.0, 1.0)
FACTORS = {
    "batch of 8 instead of 32": (*KEPT, 0.25),
    "4 micro-batches of 8 with accumulation": (*KEPT, 0.25),
    "images 112 x 112 instead of 224 x 224, only convolutions": (*KEPT, 0.25),
    "hidden layers 1024 -> 1024 instead of 512 -> 512, no biases": (4.0, 4.0, 4.0, 2.0),
    "SGD with momentum instead of AdamW": (1.0, 1.0, 0.5, 1.0),
    "bfloat16 autocast, every kept activation in bfloat16": (*KEPT, 0.5),
    "checkpointing of each of 12 blocks": (*KEPT, 20 / 96),
}
TENSORS = st.sampled_from([(3,), (), (2, 5), (0, 4)]).map(torch.ones)
LEAVES = TENSORS | st.sampled_from(["", "text", 0, 1.5, True, None])
NESTED = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["ids", "mask", "meta"]), parts, max_size=3)
    ),
    max_leaves=6,
)
DEEP = {"x": [torch.ones(2, 3), ("text", {"y": (torch.ones(4),)})], "none": None, "n": 3}


def demand(got, expected, what, next_step=""):
    if got != expected:
        message = f"{what}: got {str(got)[:200]}, expected {str(expected)[:200]}"
        raise Mismatch(message, next_step=next_step)


def rows(part, path, device):
    """Path, type, device and shape of each part, as they should be."""
    tensor = isinstance(part, torch.Tensor)
    where = (device, list(part.shape)) if tensor else ("", [])
    found = [(path, type(part).__name__, *where)]
    items = part.items() if isinstance(part, dict) else ()
    items = enumerate(part) if isinstance(part, list | tuple) else items
    for key, each in items:
        found += rows(each, f"{path}[{key!r}]", device)
    return found


def check_pick_device(submission):
    """cuda comes before mps, and mps before the CPU."""
    for cuda, mps, best in (
        (True, True, "cuda"),
        (True, False, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ):
        demand(submission.pick_device(cuda, mps), best, f"pick_device(cuda={cuda}, mps={mps})")


@weight(2)
@example(obj=DEEP)
@example(obj="text")
@given(obj=NESTED)
def check_moves_every_tensor(submission, obj):
    """Every tensor of a nested object is moved, and each container keeps its type."""
    expected = [("result", "list", "", []), *rows(obj, "result[0]", "meta")]
    expected += [("result[1]", "Batch", "", []), *rows(obj, "result[1][0]", "meta")]
    expected += [("result[1][1]", "int", "", [])]
    got = submission.moved(obj, "meta")
    if not isinstance(got, list):
        raise Mismatch(f"moved: returned {describe(got)}, expected a list")
    for mine, right in zip(got, expected, strict=False):
        if mine != right:
            path, *what = right
            wanted = " ".join(str(each) for each in what if each)
            found = " ".join(str(each) for each in mine[1:] if each)
            raise Mismatch(f"to_device: {path} is {found}, expected {wanted}")
    demand(len(got), len(expected), "to_device, number of parts")


@given(obj=NESTED)
def check_keeps_all_else(submission, obj):
    """Values and other objects are untouched, and so is what you were given."""
    got, (after, _), _ = submission.to_device.keeping(obj, "cpu")
    assert_alike(got, obj, "to_device(obj, 'cpu')")
    assert_alike(after, obj, "obj after to_device")
    _, (after, _), _ = submission.moved.keeping(obj, "meta")  # on "cpu" it moves nothing
    assert_alike(after, obj, "obj after to_device(obj, 'meta')")


def assert_alike(got, expected, what):
    if type(got) is not type(expected):
        raise Mismatch(f"{what}: {describe(got)}, expected {describe(expected)}")
    if isinstance(expected, torch.Tensor):
        assert_equal(got, expected, what)
    elif isinstance(expected, dict):
        demand(list(got), list(expected), f"keys of {what}")
        for key in expected:
            assert_alike(got[key], expected[key], f"{what}[{key!r}]")
    elif isinstance(expected, list | tuple):
        demand(len(got), len(expected), f"length of {what}")
        for index, each in enumerate(expected):
            assert_alike(got[index], each, f"{what}[{index}]")
    else:
        demand(got, expected, what)


@settings(max_examples=10)
@given(b=sides(1, 4), t=sides(1, 7), d=sides(1, 5), seed=seeds())
def check_positions(submission, b, t, d, seed):
    """with_positions keeps dtype and device of x, and appends t / T."""
    for dtype in (torch.float64, torch.float32):
        x = torch.randn(t, b, d, generator=generator(seed)).to(dtype).transpose(0, 1)
        steps = (torch.arange(t).double() / t).to(dtype)
        expected = torch.cat([x, steps.repeat(b, 1)[:, :, None]], -1)
        assert_close(submission.with_positions(x), expected, f"with_positions in {dtype}")
    got = submission.positions_on("meta", (b, t, d))
    step = "give device=x.device to what you create"
    demand(got, ("meta", [b, t, d + 1]), "with_positions on another device", step)


@weight(2)
@settings(max_examples=20)
@example(n=10_000_000, sizes=[8, 1024, 256, 6, 8, 32_000], dtype=torch.float32, optimizer="adamw")
@given(
    n=st.integers(1, 10**9),
    sizes=st.lists(st.integers(1, 999), min_size=6, max_size=6),
    dtype=st.sampled_from(DTYPES),
    optimizer=st.sampled_from(sorted(COPIES)),
)
def check_plan(submission, n, sizes, dtype, optimizer):
    """memory_plan agrees with the formulas of the stub, in bytes of the dtype."""
    batch, seq, d, layers, heads, vocab = sizes
    got = submission.memory_plan(n, dtype, optimizer, *sizes)
    numbers = {"params": n, "grads": n, "optimizer": COPIES[optimizer] * n}
    numbers |= {"hidden": layers * batch * seq * d, "logits": batch * seq * vocab}
    numbers |= {"attention": layers * batch * heads * seq**2}
    plan = {name: count * dtype.itemsize for name, count in numbers.items()}
    plan["total"] = sum(plan.values())
    if not isinstance(got, dict) or set(got) != set(plan):
        raise Mismatch(f"memory_plan: {describe(got)}, expected a dict of {', '.join(plan)}")
    for name, right in plan.items():
        if type(got[name]) is not int:
            raise Mismatch(f"{name}: {describe(got[name])}, expected a whole number")
        demand(got[name], right, f"{name} with {optimizer} in {dtype}")


class Room:
    """`fits` out here: batches up to `largest`, and what was asked."""

    def __init__(self, largest, limit):
        self.largest, self.limit, self.asked = largest, limit, []

    def __call__(self, batch):
        if type(batch) is not int or not 1 <= batch <= self.limit:
            raise Refused(f"run({str(batch)[:20]}) is outside 1..{self.limit}")
        self.asked.append(batch)
        if len(self.asked) > 200:
            raise Refused("run was called 200 times")
        return batch <= self.largest


CASES = [(13, 1, 64), (0, 1, 64), (64, 1, 64), (3, 8, 64), (0, 8, 64), (1, 1, 1), (0, 1, 1)]
CASES += [(7, 1, 7), (6, 5, 7), (63, 1, 64), (100, 100, 1000), (99, 100, 1000), (1000, 3, 1000)]


def drawn(seed, count=10):
    """Cases with other numbers in every run."""
    for k in range(count):
        g = generator(seed + k)
        limit = int(torch.randint(1, 5000, (), generator=g))
        start = int(torch.randint(1, limit + 1, (), generator=g))
        yield int(torch.randint(limit + 1, (), generator=g)), start, limit


@weight(2)
def check_finds_the_largest_batch(submission, seed):
    """find_batch_size finds the largest batch that fits, wherever it starts; 0 if none does."""
    for largest, start, limit in (*CASES, *drawn(seed)):
        got = submission.search(Room(largest, limit), start, limit)
        demand(got, largest, f"find_batch_size(start={start}, limit={limit}), where {largest} fit")


def check_tries_few(submission):
    """It needs at most 2 * log2(limit) + 2 calls, and tries no batch twice."""
    for largest, start, limit in (*CASES, (1, 1, 4096), (4095, 1, 4096), (2049, 1, 4096)):
        room = Room(largest, limit)
        submission.search(room, start, limit)
        most = math.floor(2 * math.log2(limit) + 2)
        what = f"largest {largest}, start {start}, limit {limit}"
        if len(room.asked) > most:
            raise Mismatch(f"{what}: {len(room.asked)} calls of run, allowed {most}")
        if len(set(room.asked)) < len(room.asked):
            raise Mismatch(f"{what}: run was called twice with the same batch")


def check_other_errors_pass(submission):
    """An error that is not about memory comes through, wherever in the search it happens."""

    def broken(at):
        def fits(batch):
            if batch == at:
                raise Refused("a wrong shape, not a full memory")
            return batch <= 13

        return fits

    for at in (1, 4, 12):
        with assert_raises(f"a run that fails for another reason at {at}", "Refused"):
            submission.search(broken(at), 1, 64)


def check_on_the_simulated_device(submission, record):
    """On the simulated device of 4 MB it finds a batch that trains, and one row more does not."""
    run = submission.training(32)
    got = submission.find_batch_size(run, 1, 100_000)
    if type(got) is not int or got < 1:
        raise Mismatch(f"find_batch_size: {describe(got)}, expected a batch that trains")
    record.measure("largest batch on the simulated device", got)
    run(got)
    try:
        run(got + 1)
    except Exception as error:
        if getattr(error, "kind", "") != "OutOfMemoryError":
            raise
    else:
        step = "leave the except block before the next attempt: it holds on to the failed one"
        what = f"find_batch_size: got {got}, and {got + 1} rows train as well"
        raise Mismatch(what, next_step=step)


def check_on_a_gpu(submission, device, record):
    """On a GPU, to_device moves every tensor there, and with_positions stays there."""
    if device == "cpu":
        record.not_applicable("no GPU was given: `grade run device_memory --device cuda` uses one")
    there = {where for *_, where, _ in submission.moved(DEEP, device) if where}
    demand(there, {f"{device}:0"}, "to_device, devices of the tensors")
    got = submission.positions_on(device, (2, 3, 4))
    demand(got, (f"{device}:0", [2, 3, 5]), "with_positions on a GPU")


def check_factors(submission):
    """FACTORS tells what each remedy does to weights, gradients, optimizer and activations."""
    mine = submission.value("FACTORS")
    if not isinstance(mine, dict) or set(mine) != set(FACTORS):
        raise Mismatch(f"FACTORS: {describe(mine)}, expected the {len(FACTORS)} keys of the stub")
    for change, right in FACTORS.items():
        row = mine[change]
        whole = isinstance(row, tuple | list) and len(row) == 4
        if not whole or any(type(each) not in (int, float) for each in row):
            raise Mismatch(f"FACTORS[{change!r}]: expected four numbers")
        pairs = zip(row, right, strict=True)
        wrong = sum(not math.isclose(a, b, abs_tol=1e-3) for a, b in pairs)
        if wrong:
            step = "which of the four depend on the rows of a batch, which on the weights alone?"
            raise Mismatch(f"FACTORS[{change!r}]: {wrong} of 4 are wrong", next_step=step)


def check_errors(submission):
    """An unknown optimizer, and a start outside 1..limit, are ValueErrors that name them."""
    for name in ("adam", ""):
        with assert_raises(f"memory_plan with {name!r}", naming="optimizer"):
            submission.memory_plan(10, torch.float32, name, 1, 2, 3, 4, 5, 6)
    for start, limit in ((0, 8), (-1, 8), (9, 8)):
        with assert_raises(f"start {start}, limit {limit}", naming="start"):
            submission.search(Room(4, limit), start, limit)
