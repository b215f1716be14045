"""A peer that answers anything at all: only SubmissionError and SubmissionEnded come out."""

from __future__ import annotations

import time
from contextlib import suppress
from types import SimpleNamespace

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import wire
from grader.proxy import Submission, SubmissionEnded, SubmissionError

X = torch.ones(2)


class Script:
    """A socket whose other side has written its answers beforehand."""

    def __init__(self, answers):
        self.data, self.at = b"".join(map(frame, answers)), 0

    def settimeout(self, seconds):
        assert seconds > 0

    def sendall(self, data):
        pass

    def recv_into(self, view):
        chunk = self.data[self.at : self.at + len(view)]
        view[: len(chunk)] = chunk
        self.at += len(chunk)
        return len(chunk)


def frame(answer):
    body: list = []
    header = msgpack.packb(wire.encode(answer, body))
    raw = b"".join(body)
    return wire.PREFIX.pack(len(header), len(raw)) + header + raw


def told(*answers):
    """A submission that was loaded, and then says these answers."""
    loaded = {"ok": True, "value": None}
    run = SimpleNamespace(socket=Script([loaded, *answers]), deadline=time.monotonic() + 60)
    return Submission(run, "mine.py", "")


USES = {
    "call": lambda s: s.f(1),
    "callback": lambda s: s.f(lambda *_, **__: 1),
    "keeping": lambda s: s.f.keeping(X),
    "many": lambda s: s.f.many([(X,), (X,)]),
    "vjp": lambda s: s.f.vjp(X, cotangent=X),
    "value": lambda s: s.value("X"),
    "object": lambda s: use(s.f(1)),
}


def use(thing):
    if hasattr(thing, "handle"):
        thing.parameters()
        for _ in zip(thing, range(3), strict=False):
            repr(thing)
        thing(thing.weight)


HANDLE = st.builds(wire.Handle, st.integers(0, 2**64 - 1), st.text(max_size=5), st.text(max_size=5))
EMPTY = [torch.empty(2**30, 0, dtype=torch.uint8), np.empty((0, 2**20)), torch.empty((3, 0, 2**20))]
LEAVES = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    st.sampled_from([X, torch.ones(2, 4), torch.tensor(True), np.ones(4), *EMPTY]),
    st.sampled_from(list(wire.DTYPES.values())),
    HANDLE,
    st.builds(wire.Callback, st.integers(-1, 2)),
    st.builds(wire.Seeded, st.integers(0, 9)),
)
KEYS = st.sampled_from(["0", "1", "x", "weight"]) | st.integers(-1, 2) | st.just((1, 2)) | HANDLE
VALUES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.lists(below, max_size=4).map(tuple),
        st.dictionaries(KEYS, below, max_size=3),
        st.lists(st.tuples(st.text(max_size=3), st.just([2]), LEAVES, LEAVES), max_size=2),
    ),
    max_leaves=8,
)
ANSWERS = st.one_of(
    st.fixed_dictionaries({"ok": st.just(True), "value": VALUES}, optional={"more": VALUES}),
    st.fixed_dictionaries({"ok": st.just(True), "value": VALUES, "kept": VALUES, "more": VALUES}),
    st.fixed_dictionaries(
        {"callback": st.integers(-1, 1) | VALUES},
        optional={"args": VALUES, "kwargs": VALUES, "ok": VALUES, "value": VALUES},
    ),
    st.dictionaries(
        st.sampled_from("ok value kept more type message line memory callback".split()), VALUES
    ),
    VALUES,
)


@pytest.mark.parametrize("use_it", USES.values(), ids=USES)
@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(answers=st.lists(ANSWERS, max_size=5))
def test_nothing_else_comes_out(use_it, answers):
    with suppress(SubmissionError, SubmissionEnded):
        use_it(told(*answers))


@pytest.mark.parametrize("args", [EMPTY[0], EMPTY[1], X, "abc", [1]], ids=range(5))
def test_arguments_of_a_callback_are_never_taken_from_a_tensor(args):
    """A tensor of 2^30 empty rows has no bytes, but each row would become a tensor."""
    called = []
    with pytest.raises(SubmissionEnded, match="a callback that is not one"):
        told({"callback": 0, "args": args, "kwargs": {}}).f(lambda *_: called.append(1))
    assert not called


@pytest.mark.parametrize(
    "rows",
    [
        EMPTY[0],
        [EMPTY[2]],
        [("w", EMPTY[0], torch.float32, True)],
        [("w", [2], torch.float32, X)],
        [("w", [X], torch.float32, True)],
        [("w", [2], "float32", True)],
        [("w", [2], torch.float32, True), 3],
    ],
    ids=range(7),
)
def test_rows_of_parameters_are_never_taken_from_a_tensor(rows):
    handle = {"ok": True, "value": wire.Handle(1, "module", "Layer")}
    layer = told(handle, {"ok": True, "value": rows}).Layer()
    with pytest.raises(SubmissionEnded, match="an answer that is not one"):
        layer.parameters()


def test_an_exception_that_is_a_large_tensor_is_not_printed():
    large = torch.ones((7,) * 8, dtype=torch.uint8)
    began = time.process_time()
    with pytest.raises(SubmissionError) as caught:
        told({"ok": False, "type": large, "message": [large], "line": large}).f(1)
    assert caught.value.kind == "an exception" and time.process_time() - began < 1


@pytest.mark.parametrize("key", [0, (X,), torch.ones((6,) * 8), None], ids=range(4))
def test_gradients_are_named_by_text(key):
    for answer in ((X, {key: X}, {}), (X, {}, {key: X})):
        with pytest.raises(SubmissionEnded, match="an answer that is not one"):
            told({"ok": True, "value": answer}).f.vjp(X, cotangent=X)


def test_endless_requests_for_a_callback_end_at_the_deadline():
    submission = told(*[{"callback": 0, "args": (), "kwargs": {}}] * 20_000)
    submission._run.deadline = time.monotonic() + 0.2
    calls = []
    with pytest.raises(SubmissionEnded) as caught:
        submission.f(lambda: calls.append(1))
    assert caught.value.timeout and 0 < len(calls) < 20_000


@pytest.mark.parametrize("value", [[[]] * 20_000, ["x" * 1000] * 1000], ids=["lists", "text"])
def test_answers_without_tensors_are_not_kept_without_limit(value):
    submission = told(*[{"ok": True, "value": value}] * 12)
    for _ in range(12):
        submission.f(1)
    assert not submission.trace.complete and len(submission.trace.questions) < 10


def test_handles_of_any_number_are_released_in_the_next_question():
    handles = [wire.Handle(2**64 - 1 - k, "module", "Layer") for k in range(1000)]
    submission = told({"ok": True, "value": handles}, {"ok": True, "value": 3})
    submission.f(1)
    submission.begin()
    assert submission.f(2) == 3 and not submission._released
