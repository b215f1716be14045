"""A submission that speaks in its worker's place: the check ends, the grader goes on."""

from __future__ import annotations

import pytest
import torch

from grader.proxy import SubmissionEnded, SubmissionError

pytest_plugins = ["one_box"]

X = torch.ones(2)
HOSTILE = """
import itertools, os, sys, time
from grader import wire

def worker():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Worker":
        frame = frame.f_back
    return frame.f_locals["self"]

def lie(answer, times=10**9):
    me, honest, left = worker(), worker()._send, [1 + times]
    def send(answer_):
        left[0] -= 1
        honest(answer if 0 <= left[0] < times else answer_)
    me._send = send

def lend(kind): lie({"ok": True, "value": wire.Handle(10**9, kind, "Thing")}, 1)
def pass_back(callback):
    lie({"ok": True, "value": wire.Callback(0) if callback else wire.Seeded(1)})

def raw(data): worker().sock.sendall(bytes.fromhex(data)); leave()
def frame(header, body):
    worker().sock.sendall(wire.PREFIX.pack(header, body))
    leave()
def leave(): os._exit(0)
def close(): worker().sock.close()
def hang(): time.sleep(600)
def trickle():
    while True:
        worker().sock.sendall(bytes(1))
        time.sleep(0.05)
def twice():
    worker()._send({"ok": True, "value": "first"})
    return "second"
def endless(): return itertools.count()
def f(*args, **kwargs): return args
"""


@pytest.fixture
def hostile(load):
    return load(HOSTILE)


def ended(call, *args, match="an answer that is not one", **kwargs):
    with pytest.raises(SubmissionEnded, match=match) as caught:
        call(*args, **kwargs)
    return caught.value


def refuse(*args, **kwargs):
    raise pytest.fail.Exception("a callback was called")


# Answers


@pytest.mark.parametrize("ok", ["True", 1, None, [True], {}, torch.ones(1)], ids=repr)
def test_only_true_is_a_success(hostile, ok):
    hostile.lie({"ok": ok, "value": 3})
    with pytest.raises(SubmissionError) as caught:
        hostile.f(1)
    assert (caught.value.kind, caught.value.message) == ("an exception", "")


@pytest.mark.parametrize("answer", [None, 3, [], "ok", (), torch.ones(2)], ids=repr)
def test_an_answer_that_is_no_dictionary_ends_the_check(hostile, answer):
    hostile.lie(answer)
    ended(hostile.f, 1)


@pytest.mark.parametrize("use", ["call", "value", "many", "vjp", "next"])
def test_a_success_without_a_value_ends_the_check(hostile, use):
    iterator = hostile.endless()
    hostile.lie({"ok": True, "more": True})
    uses = {
        "call": lambda: hostile.f(1),
        "value": lambda: hostile.value("X"),
        "many": lambda: hostile.f.many([(1,)]),
        "vjp": lambda: hostile.f.vjp(X, cotangent=X),
        "next": lambda: next(iter(iterator)),
    }
    ended(uses[use])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": 3, "message": ["x"], "line": "4"}, ("an exception", "", None, False)),
        ({"type": "A" * 999, "message": "m" * 9999}, ("A" * 80, "m" * 2000, None, False)),
        ({"line": -1, "memory": 1}, ("an exception", "", None, False)),
        ({"line": 10**9, "memory": "yes"}, ("an exception", "", None, False)),
        ({"line": True, "memory": True}, ("an exception", "", None, True)),
        ({"type": None, "message": {}, "line": [1]}, ("an exception", "", None, False)),
    ],
    ids=range(6),
)
def test_an_exception_of_any_fields_is_kept_small_and_typed(hostile, fields, expected):
    hostile.lie({"ok": False, **fields})
    with pytest.raises(SubmissionError) as caught:
        hostile.f(1)
    error = caught.value
    assert (error.kind, error.message, error.line, error.memory) == expected


@pytest.mark.parametrize("value", [None, 3, [], (1,), [1, 2, 3], {0: 1, 1: 2}], ids=repr)
def test_many_answers_must_be_as_many_as_the_calls(hostile, value):
    hostile.lie({"ok": True, "value": value})
    ended(hostile.f.many, [(1,), (2,)])


@pytest.mark.parametrize("kept", [None, 3, (), ((),), ((), {}, 1), [(), {}]], ids=repr)
def test_kept_arguments_must_be_two(hostile, kept):
    hostile.lie({"ok": True, "value": 1, "kept": kept})
    ended(hostile.f.keeping, X)


@pytest.mark.parametrize(
    "value", [None, 3, (), (1, {}), [1, {}, {}], (None, {}, []), (None, [], {})], ids=repr
)
def test_a_backward_pass_has_three_parts(hostile, value):
    hostile.lie({"ok": True, "value": value})
    ended(hostile.f.vjp, X, cotangent=X)


@pytest.mark.parametrize("key", ["\N{SUPERSCRIPT TWO}", "9" * 5000], ids=["superscript", "long"])
def test_a_gradient_under_an_odd_name_is_a_gradient_under_a_name(hostile, key):
    hostile.lie({"ok": True, "value": (None, {key: X}, {})})
    assert list(hostile.f.vjp(X, cotangent=X).inputs) == [key]


@pytest.mark.parametrize(
    "rows", [3, None, [1], [(1, 2)], [("w", 3, None, True)], {"w": 1}], ids=repr
)
def test_parameters_are_rows_of_four(hostile, rows):
    layer = hostile.endless()
    hostile.lie({"ok": True, "value": rows})
    ended(layer.parameters)


@pytest.mark.parametrize("more", [None, 1, "yes", []], ids=repr)
def test_an_iterator_says_whether_there_is_more(hostile, more):
    iterator = hostile.endless()
    hostile.lie({"ok": True, "value": 1, "more": more})
    ended(list, iterator)


# Callbacks


@pytest.mark.parametrize(
    "fields",
    [
        {"callback": 7, "args": (), "kwargs": {}},
        {"callback": "0", "args": (), "kwargs": {}},
        {"callback": None, "args": (), "kwargs": {}},
        {"callback": X, "args": (), "kwargs": {}},
        {"callback": 0},
        {"callback": 0, "args": 3, "kwargs": {}},
        {"callback": 0, "args": (), "kwargs": "ab"},
        {"callback": 0, "args": (), "kwargs": 3},
    ],
    ids=range(8),
)
def test_a_request_for_a_callback_that_is_not_one_ends_the_check(hostile, fields):
    hostile.lie(fields)
    ended(hostile.f, refuse, match="a callback that is not one")


@pytest.mark.parametrize("number", [0, -1])
def test_a_callback_where_none_was_lent_ends_the_check(hostile, number):
    hostile.lie({"callback": number, "args": (), "kwargs": {}})
    ended(hostile.f, 1, match="a callback that is not one")


def test_keywords_that_are_no_words_are_refused(hostile):
    hostile.lie({"callback": 0, "args": (), "kwargs": {1: 2}}, 1)
    with pytest.raises(SubmissionError):
        hostile.f(refuse)


@pytest.mark.parametrize("callback", [True, False])
def test_callbacks_and_generators_cannot_be_sent_back(hostile, callback):
    hostile.pass_back(callback)
    ended(hostile.f, 1, match="a reference that is not one")


# Handles


@pytest.mark.parametrize("kind", ["module", "iterator", "", "nonsense"])
@pytest.mark.parametrize("use", ["call", "attribute", "parameters", "next", "pass on"])
def test_a_handle_that_was_never_kept_is_worth_nothing(hostile, kind, use):
    hostile.lend(kind)
    thing = hostile.f(1)
    assert repr(thing) == "<Thing>"
    uses = {
        "call": thing,
        "attribute": lambda: thing.weight,
        "parameters": thing.parameters,
        "next": lambda: list(thing),
        "pass on": lambda: hostile.f(thing),
    }
    with pytest.raises((SubmissionError, SubmissionEnded)):
        uses[use]()


# Frames


@pytest.mark.parametrize(
    ("header", "body"), [(2**23, 0), (0, 2**31), (2**32 - 1, 2**64 - 1)], ids=range(3)
)
def test_a_frame_that_claims_too_much_ends_the_check_at_once(hostile, header, body):
    ended(hostile.frame, header, body, match="over the limit")


@pytest.mark.parametrize("data", ["00", "ff" * 12, "01" + "00" * 11 + "c1", "00" * 12])
def test_bytes_that_are_no_frame_end_the_check(hostile, data):
    ended(hostile.raw, data, match=None)


def test_one_answer_too_many_is_only_a_wrong_answer(hostile):
    assert hostile.twice() == "first" and hostile.f(1) == "second" and hostile.f(2) == (1,)


# Silence


@pytest.mark.parametrize("name", ["leave", "close"])
def test_after_a_process_that_left_nothing_can_be_asked(hostile, name):
    for call in (getattr(hostile, name), hostile.f):
        assert not ended(call, match=None).timeout


@pytest.mark.parametrize("name", ["hang", "trickle"])
def test_silence_ends_the_check_at_its_deadline(load, name):
    error = ended(getattr(load(HOSTILE, wall_s=0.5), name), match="timeout")
    assert error.timeout and error.call == name


def test_an_endless_iterator_ends_at_the_deadline(load):
    error = ended(lambda: [None for _ in load(HOSTILE, wall_s=0.5).endless()], match="timeout")
    assert error.timeout
