import torch
from hypothesis import example, given
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    seeds,
    unpack,
    weight,
)

TEXTS = st.text(st.sampled_from("aAbz 0\n\té√語"), max_size=60)


def demand(got, expected, what):
    """Equal values of the same type, neither of them a tensor."""
    if isinstance(got, torch.Tensor) or type(got) is not type(expected) or got != expected:
        raise Mismatch(f"{what}: got {str(got)[:200]}, expected {str(expected)[:200]}")


def numbers(n, seed=0):
    return torch.randint(0, 90, (n,), generator=generator(seed))


def starts(n, block, stride):
    """Where the full windows start, counted one by one."""
    return [s for s in range(0, n, stride) if s + block + 1 <= n]


def assert_window(window, ids, start, block, what):
    x, y = unpack(window, 2, what)
    assert_equal(x, ids[start : start + block].clone(), f"x of {what}")
    assert_equal(y, ids[start + 1 : start + block + 1].clone(), f"y of {what}")


@example(text="")
@example(text="to be or not to be")
@given(text=TEXTS)
def check_vocabulary(submission, text):
    """build_vocab: itos has each character once, in sorted order, and stoi is the way back."""
    stoi, itos = unpack(submission.build_vocab(text), 2, "build_vocab(text)")
    expected = sorted(set(text))
    demand(itos, expected, f"itos of {text!r}")
    demand(stoi, {character: k for k, character in enumerate(expected)}, f"stoi of {text!r}")


@example(text="")
@example(text="zebra zone")
@given(text=TEXTS)
def check_encode_and_decode(submission, text):
    """encode gives the ids of a text as int64, and decode gives the text back."""
    itos = sorted(set(text) | set("xyz"), reverse=True)
    stoi = {character: k for k, character in enumerate(itos)}
    expected = torch.tensor([stoi[character] for character in text], dtype=torch.int64)
    assert_equal(submission.encode(text, stoi), expected, f"encode({text!r}, stoi)")
    demand(submission.decode(expected, itos), text, f"decode of the ids of {text!r}")


def check_unknown_character(submission):
    """encode: a character that is not in the vocabulary is a ValueError that names it."""
    for text, unknown in (("abq", "q"), ("语ab", "语"), ("a#b", "#")):
        with assert_raises(f"encode({text!r}) with only a and b known", naming=unknown):
            submission.encode(text, {"a": 0, "b": 1})


@weight(3)
@example(n=10, block=3, stride=3, seed=0)
@example(n=11, block=3, stride=3, seed=0)
@example(n=9, block=2, stride=5, seed=0)
@example(n=8, block=3, stride=2, seed=0)
@example(n=6, block=5, stride=1, seed=0)
@given(n=st.integers(2, 200), block=st.integers(1, 20), stride=st.integers(1, 25), seed=seeds())
def check_windows(submission, n, block, stride, seed):
    """Every full window is there, in order, with y one id further on than x, and no other."""
    block = min(block, n - 1)
    ids, places = numbers(n, seed), starts(n, block, stride)
    dataset = submission.TokenDataset(ids, block, stride)
    what = f"len of {n} ids, block {block}, stride {stride}"
    demand(submission.length(dataset), len(places), what)
    windows = submission.item.many([(dataset, i) for i in range(len(places))])
    for i, (window, start) in enumerate(zip(windows, places, strict=True)):
        assert_window(window, ids, start, block, f"dataset[{i}], block {block}, stride {stride}")


@weight(2)
@example(n=13, block=4, seed=0)
@given(n=st.integers(2, 60), block=st.integers(1, 9), seed=seeds())
def check_default_stride_tiles_the_text(submission, n, block, seed):
    """Without a stride the windows lie side by side: each id is a target once, up to the end."""
    block = min(block, n - 1)
    ids = numbers(n, seed)
    dataset = submission.TokenDataset(ids, block)
    count = (n - 1) // block
    demand(submission.length(dataset), count, f"len of {n} ids, block {block}")
    windows = submission.item.many([(dataset, i) for i in range(count)])
    parts = [assert_tensor(unpack(w, 2, "a window")[1], "y", shape=(block,)) for w in windows]
    expected = ids[1 : 1 + count * block].clone()
    assert_equal(torch.cat(parts), expected, "the targets of all windows, joined")


@example(n=12, block=3, stride=2)
@given(n=st.integers(4, 40), block=st.integers(1, 3), stride=st.integers(1, 6))
def check_index(submission, n, block, stride):
    """dataset[-1] is the last window, dataset[-len] the first; beyond that comes IndexError."""
    ids, places = numbers(n), starts(n, block, stride)
    count = len(places)
    dataset = submission.TokenDataset(ids, block, stride)
    for i in {-1, -count}:
        assert_window(submission.item(dataset, i), ids, places[i], block, f"dataset[{i}]")
    for i in (count, count + 7, -count - 1):
        with assert_raises(f"dataset[{i}] of {count} windows", "IndexError"):
            submission.item(dataset, i)


def check_iteration_stops(submission):
    """A plain `for` loop gets every window once, and then it ends."""
    ids = numbers(14)
    dataset = submission.TokenDataset(ids, 3, 2)
    got = submission.first(dataset, 50)
    demand(len(got), 6, "windows that a `for` loop gets from 14 ids, block 3, stride 2")
    for i, window in enumerate(got):
        assert_window(window, ids, 2 * i, 3, f"window {i} of a `for` loop")


def check_works_in_a_loader(submission):
    """A DataLoader makes batches of it: x and y are (B, block) int64."""
    ids = numbers(20)
    batches = submission.loaded(submission.TokenDataset(ids, 3), 4)
    demand(len(batches), 2, "batches of 4 of the 6 windows of 20 ids")
    for k, (batch, rows) in enumerate(zip(batches, (range(4), range(4, 6)), strict=True)):
        x, y = unpack(batch, 2, f"batch {k}")
        assert_equal(x, torch.stack([ids[3 * r : 3 * r + 3] for r in rows]), f"x of batch {k}")
        assert_equal(y, torch.stack([ids[3 * r + 1 : 3 * r + 4] for r in rows]), f"y of batch {k}")


def check_errors(submission):
    """Too few ids, or a block or stride below 1, is a ValueError that names the argument."""
    cases = [(4, 4, 1, "ids"), (0, 1, 1, "ids"), (9, 0, 1, "block"), (9, 3, 0, "stride")]
    for n, block, stride, naming in [*cases, (9, -2, None, "block"), (9, 3, -1, "stride")]:
        with assert_raises(f"{n} ids, block {block}, stride {stride}", naming=naming):
            submission.TokenDataset(numbers(n), block, stride)


def check_keeps_ids_once(submission):
    """A million ids, block 512, stride 1, fit into 1 GB: windows are cut when asked for."""
    ids = numbers(1_000_000)
    dataset = submission.TokenDataset(ids, 512, 1)
    demand(submission.length(dataset), 999_488, "len of 1,000,000 ids, block 512, stride 1")
    window = submission.item(dataset, 999_487)
    assert_window(window, ids, 999_487, 512, "dataset[999487]")


def check_keeps_its_arguments(submission):
    """The ids and the text's tables are left as they are."""
    assert_keeps_inputs(submission.TokenDataset, numbers(30), 4, 2)
    stoi, itos = {"a": 0, "b": 1}, ["a", "b"]
    for function, table in ((submission.encode, stoi), (submission.decode, itos)):
        subject = "abba" if table is stoi else torch.tensor([0, 1, 1])
        _, after, _ = function.keeping(subject, dict(stoi) if table is stoi else list(itos))
        demand(after[1], table, f"the second argument after {function.label}")
