from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import wire


@contextmanager
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def crossed(value, opaque=None, resolve=None):
    """The value after a journey through a socket."""
    with pair() as (ours, theirs):
        body: list = []
        tree = wire.encode(value, body, opaque)
        sender = threading.Thread(target=wire.send, args=(ours, tree, body))
        sender.start()
        tree, raw = wire.receive(theirs, time.monotonic() + 20)
        sender.join()
        return wire.decode(tree, raw, resolve)


DTYPES = list(wire.DTYPES.values())
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda below: (
        st.lists(below, max_size=3)
        | st.tuples(below, below)
        | st.dictionaries(st.text(max_size=3), below, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_values_come_back_as_they_were(value):
    back = crossed(value)
    assert back == value
    assert repr(back) == repr(value)  # 1 is not True, a tuple is no list


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4), (1,) * 8])
def test_tensors_of_every_dtype_and_shape_come_back(dtype, shape):
    value = torch.randint(0, 2, shape).to(dtype)
    back = crossed(value)
    assert back.dtype is dtype and back.shape == value.shape and torch.equal(back, value)


def test_values_that_are_no_numbers_survive():
    back = crossed(torch.tensor([float("nan"), float("inf"), -0.0]))
    assert back[0].isnan() and back[1] == float("inf") and back[2].signbit()


def test_a_transposed_tensor_stays_transposed_in_memory():
    value = torch.arange(6.0).reshape(2, 3).t()
    back = crossed(value)
    assert torch.equal(back, value) and back.stride() == value.stride()


def test_an_odd_offset_in_the_body_does_no_harm():
    flags, numbers = torch.tensor([True, False, True]), torch.arange(4.0, dtype=torch.float64)
    back = crossed([flags, numbers])
    assert torch.equal(back[0], flags) and torch.equal(back[1], numbers)


def test_numpy_arrays_come_back_as_arrays():
    value = np.arange(6, dtype=">i4").reshape(2, 3).T
    back = crossed(value)
    assert isinstance(back, np.ndarray) and np.array_equal(back, value)
    assert crossed(np.float32(0.5)) == 0.5


def test_received_tensors_can_be_written_to():
    back = crossed(torch.zeros(2))
    back += 1
    assert back.tolist() == [1, 1]


def test_dtypes_handles_callbacks_and_generators_cross():
    handle = wire.Handle(7, "module", "GPT")
    assert crossed([torch.bfloat16, handle, wire.Callback(2), wire.Seeded(3)]) == [
        torch.bfloat16,
        handle,
        wire.Callback(2),
        wire.Seeded(3),
    ]


class Tensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *args, **kwargs):
        raise RuntimeError("a subclass that answers nothing")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (torch.empty(2, device="meta"), "meta"),
        (torch.eye(2).to_sparse(), "sparse"),
        (torch.zeros(1).expand(10**10), "too large"),
        (torch.zeros(2, dtype=torch.complex64), "complex64"),
        (torch.zeros((1,) * 9), "too large"),
        (b"bytes", "bytes"),
        (object(), "object"),
    ],
)
def test_what_is_no_value_is_refused_in_words(value, word):
    with pytest.raises(wire.WireError, match=word):
        wire.encode(value, [])


def test_text_with_a_lone_surrogate_is_refused_in_words():
    with pair() as (ours, _), pytest.raises(wire.WireError, match="surrogate"):
        wire.send(ours, wire.encode(["\ud800"], []), [])


def test_a_subclass_is_sent_as_the_plain_tensor_that_it_holds():
    back = crossed(torch.ones(2).as_subclass(Tensor))
    assert type(back) is torch.Tensor and back.tolist() == [1, 1]


def test_a_value_that_contains_itself_is_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(wire.WireError, match="deep"):
        wire.encode(loop, [])


def raw_frame(tree, body=b""):
    header = msgpack.packb(tree)
    return wire.PREFIX.pack(len(header), len(body)) + header + body


HOSTILE = {
    "header claims 4 GiB": struct.pack("<IQ", 2**32 - 1, 0),
    "body claims 4 TiB": struct.pack("<IQ", 1, 2**42) + b"\xc0",
    "cut in the prefix": b"\x01\x00",
    "cut in the header": struct.pack("<IQ", 100, 0) + b"\x93",
    "cut in the body": struct.pack("<IQ", 1, 100) + b"\xc0abc",
    "not msgpack": struct.pack("<IQ", 3, 0) + b"\xc1\xc1\xc1",
    "a map": raw_frame({"a": 1}),
    "an empty node": raw_frame([]),
    "an unknown mark": raw_frame(["x", 1]),
    "a mark that is no text": raw_frame([["T"], 1]),
    "an unknown dtype": raw_frame(["T", "object", [1], [0]], b"12345678"),
    "a dtype that is no text": raw_frame(["T", ["float32"], [1], [0]], b"1234"),
    "a negative side": raw_frame(["T", "float32", [-1], [0]], b"1234"),
    "a side of True": raw_frame(["T", "float32", [True], [0]], b"1234"),
    "a product that overflows": raw_frame(["T", "float32", [2**20] * 8, list(range(8))], b"1234"),
    "rank 9": raw_frame(["T", "uint8", [1] * 9, list(range(9))], b"1"),
    "a tensor longer than its bytes": raw_frame(["T", "float64", [2], [0]], b"12345678"),
    "bytes that belong to nobody": raw_frame(["T", "float32", [1], [0]], b"12345678"),
    "an order that is none": raw_frame(["T", "float32", [1, 1], [0, 0]], b"1234"),
    "an order of text": raw_frame(["T", "float32", [1], ["0"]], b"1234"),
    "a dictionary without a value": raw_frame(["d", "key"]),
    "a key that cannot be one": raw_frame(["d", ["l"], 1]),
    "more keys than may collide": raw_frame(["d", *[*range(2 * wire.MAX_KEYS + 2)]]),
    "a long tuple as key": raw_frame(["d", ["t", *[0] * wire.MAX_KEYS], 1]),
    "an empty tensor of 2^62 columns": raw_frame(["T", "uint8", [0, 2**62], [0, 1]]),
    "an empty tensor with sides that overflow": raw_frame(
        ["T", "uint8", [0, *[2**20] * 7], list(range(8))]
    ),
    "text with a lone surrogate": struct.pack("<IQ", 4, 0) + b"\xa3\xed\xa0\x80",
    "a handle with a name of 3": raw_frame(["h", 1, "module", 3]),
    "an integer of letters": raw_frame(["i", "ten"]),
    "an integer of 10,000 digits": raw_frame(["i", "9" * 10_000]),
    "a callback of True": raw_frame(["c", True]),
    "nested 40 deep": raw_frame(
        __import__("functools").reduce(lambda t, _: ["l", t], range(40), 0)
    ),
    "nested 5,000 deep": struct.pack("<IQ", 5001, 0) + b"\x91" * 5000 + b"\xc0",
    "an array of 4 billion": struct.pack("<IQ", 5, 0) + b"\xdd\xff\xff\xff\xff",
    "a text of 4 billion": struct.pack("<IQ", 5, 0) + b"\xdb\xff\xff\xff\xff",
    "an extension type": raw_frame(msgpack.ExtType(1, b"x")),
    "bytes": raw_frame(b"x"),
    "text that is not UTF-8": struct.pack("<IQ", 2, 0) + b"\xa1\xff",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_end_as_a_wire_error(data):
    with pair() as (ours, theirs):
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.WireError):
            wire.decode(*wire.receive(theirs, time.monotonic() + 5))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_wire_error(data):
    with pair() as (ours, theirs):
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        with suppress(wire.WireError):
            wire.decode(*wire.receive(theirs, time.monotonic() + 5))


@settings(max_examples=300)
@given(st.data())
def test_a_frame_with_one_byte_changed_gives_a_value_or_a_wire_error(data):
    frame = bytearray(raw_frame(["l", ["T", "float32", [2], [0]], 3, "x"], b"12345678"))
    at = data.draw(st.integers(12, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    with pair() as (ours, theirs):
        ours.sendall(bytes(frame))
        ours.shutdown(socket.SHUT_WR)
        with suppress(wire.WireError):
            wire.decode(*wire.receive(theirs, time.monotonic() + 5))


def test_a_hostile_truth_value_is_made_one():
    flags = wire.decode(["T", "bool", [2], [0]], memoryview(bytearray(b"\x02\x00")))
    assert flags.view(torch.uint8).tolist() == [1, 0]


def test_a_claim_of_a_gigabyte_costs_no_memory_before_it_arrives():
    import tracemalloc

    with pair() as (ours, theirs):
        ours.sendall(struct.pack("<IQ", 1, wire.MAX_BODY) + b"\xc0" + bytes(1000))
        ours.shutdown(socket.SHUT_WR)
        tracemalloc.start()
        with pytest.raises(wire.WireError):
            wire.receive(theirs, time.monotonic() + 5)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1 << 23


def test_a_deadline_in_the_past_ends_at_once():
    with pair() as (ours, theirs):
        ours.sendall(raw_frame(None))
        with pytest.raises(TimeoutError):
            wire.receive(theirs, time.monotonic() - 1)


def test_a_trickle_of_bytes_does_not_beat_the_deadline():
    frame = raw_frame("x" * 1000)
    stop = threading.Event()

    def trickle(sock):
        for byte in frame:
            if stop.wait(0.02):
                return
            sock.sendall(bytes([byte]))

    with pair() as (ours, theirs):
        sender = threading.Thread(target=trickle, args=(ours,))
        sender.start()
        with pytest.raises(TimeoutError):
            wire.receive(theirs, time.monotonic() + 0.2)
        stop.set()
        sender.join()


def test_one_number_that_was_expanded_arrives_whatever_its_stride():
    value = torch.tensor(3.0).expand(1).clone()
    assert value.stride() == (0,), "else this test shows nothing"
    assert torch.equal(crossed(value), torch.tensor([3.0]))
