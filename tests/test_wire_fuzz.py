"""A short run of fuzz_wire.py; docs/security.md tells what a long one gave."""

from __future__ import annotations

import re
import time
from collections import Counter
from itertools import islice

import fuzz_wire
import msgpack
import pytest
import torch

from grader import wire

CASES = 40_000


@pytest.fixture(scope="module")
def seen():
    """How often each outcome came; an escape fails every test here."""
    return Counter(map(fuzz_wire.outcome, islice(fuzz_wire.cases(seed=5), CASES)))


def test_hostile_frames_give_a_value_or_a_wire_error(seen):
    assert seen.total() == CASES


def test_the_fuzzer_meets_every_message_of_the_reader(seen):
    patterns = fuzz_wire.messages()
    assert len(patterns) > 10
    missing = [each for each in patterns if not any(re.fullmatch(each, text) for text in seen)]
    assert not missing


@pytest.mark.parametrize("kind", ["value", "silent", "TypeError", "KeyError", "ValueError"])
def test_the_fuzzer_meets_values_silence_and_errors_of_python(seen, kind):
    assert sum(times for text, times in seen.items() if kind in text) > CASES // 100


def test_the_same_seed_draws_the_same_cases():
    assert [*islice(fuzz_wire.cases(1), 200)] == [*islice(fuzz_wire.cases(1), 200)]
    assert [*islice(fuzz_wire.cases(1), 200)] != [*islice(fuzz_wire.cases(2), 200)]


# The largest headers, by hand.

MODULUS = 2**61 - 1
"""Of Python's hash of numbers: its multiples collide."""


def pairs(keys):
    return [item for key in keys for item in (key, 0)]


def signs(bits, before=0):
    """Tuples that collide, because -1 and -2 have the same hash."""
    return (
        ["t", *[0] * before, *[-1 - (number >> bit & 1) for bit in range(bits)]]
        for number in range(2**bits)
    )


REFUSED = {
    "numbers that collide": lambda: ["d", *pairs(["i", str(k * MODULUS)] for k in range(130_000))],
    "tuples that collide": lambda: ["d", *pairs(signs(17))],
    "long tuples that collide": lambda: ["d", *pairs(signs(12, before=1000))],
    "many dictionaries": lambda: ["l", *[["d", *pairs(range(100))]] * 10_000],
}


def seconds_of(header, expected=None):
    began = time.process_time()
    tree, body = wire.receive(fuzz_wire.Tape(fuzz_wire.Case(header, 1 << 20, False)))
    if expected:
        with pytest.raises(wire.WireError, match=expected):
            wire.decode(tree, body)
    else:
        wire.decode(tree, body)
    return time.process_time() - began


def frame(tree):
    header = msgpack.packb(tree)
    assert wire.MAX_HEADER / 20 < len(header) <= wire.MAX_HEADER
    return wire.PREFIX.pack(len(header), 0) + header


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_keys_that_were_chosen_to_collide_take_no_long_time(make):
    assert seconds_of(frame(make()), "too many keys") < 5


def test_as_many_colliding_keys_as_are_allowed_take_no_long_time():
    keys = [["i", str(k * MODULUS)] for k in range(wire.MAX_KEYS)]
    assert seconds_of(frame(["d", *pairs(keys)])) < 10


def test_keys_of_text_may_be_many():
    words = {f"w{k}": k for k in range(2 * wire.MAX_KEYS)}
    assert (
        wire.decode(msgpack.unpackb(msgpack.packb(wire.encode(words, []))), memoryview(b""))
        == words
    )


@pytest.mark.parametrize(
    "value",
    [
        dict.fromkeys(range(wire.MAX_KEYS + 1)),
        [dict.fromkeys(range(9_000)), dict.fromkeys(range(9_000))],
        {tuple(range(wire.MAX_KEYS)): 1},
        10**1000,
        -(10**5000),
        torch.complex64,
        torch.empty(0, 2**31),
        torch.empty(2**20, 2**20, 0),
    ],
    ids=range(8),
)
def test_what_would_not_be_read_is_not_written_either(value):
    with pytest.raises(wire.WireError):
        wire.encode(value, [])


@pytest.mark.parametrize(
    "value",
    [10**1000 - 1, 1 - 10**1000, dict.fromkeys(range(wire.MAX_KEYS)), {(1, ("a", 2)): 3}],
    ids=range(4),
)
def test_what_is_written_at_the_limit_is_read(value):
    tree = msgpack.unpackb(msgpack.packb(wire.encode(value, [])))
    assert wire.decode(tree, memoryview(b"")) == value
