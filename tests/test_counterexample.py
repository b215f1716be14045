"""What a learner reads about a wrong answer: the call, the numbers, the place."""

from __future__ import annotations

import math
import time

import msgpack
import numpy as np
import pytest
import torch

from grader import wire
from grader.counterexample import array, counterexample, describe, parameter_names
from grader.oracle import Mismatch
from grader.proxy import Question, Remote, SubmissionError, Trace
from grader.wire import Handle

SOURCE = """
def softmax(x, dim=-1, /, keep=False, *rest, flag=None):
    def forward(inner): ...

def many(*xs): ...

class Layer(Base):
    def __init__(self, width, heads): ...
    def forward(self, x, mask=None): ...

class Callable:
    def __call__(self, ids): ...

class Bare: ...
"""
X = torch.tensor([[1.0, 2.0]])


def call(*args, name="softmax", on=None, op="call", **kwargs):
    return Question({"op": op, "on": on, "name": name, "args": args, "kwargs": kwargs})


def handle(label):
    """A handle as the box lends it; its owner only collects what is let go."""
    owner = type("Owner", (), {"_released": []})
    return Remote(owner, Handle(1, "module", label), None, label)


def trace(*questions, complete=True):
    return Trace(questions=list(questions), complete=complete)


# parameter_names


@pytest.mark.parametrize(
    ("name", "methods", "names"),
    [
        ("softmax", (), ["x", "dim", "keep"]),
        ("many", (), []),
        ("Layer", ("__init__",), ["width", "heads"]),
        ("Layer", ("forward", "__call__"), ["x", "mask"]),
        ("Callable", ("forward", "__call__"), ["ids"]),
        ("Bare", ("__init__",), []),
        ("missing", (), []),
    ],
)
def test_parameters_are_read_from_the_source(name, methods, names):
    assert parameter_names(SOURCE, name, *methods) == names


@pytest.mark.parametrize("source", ["def f(:", "\x00", "(" * 5000, "f = -" + "-" * 50000 + "1", ""])
def test_a_source_that_cannot_be_parsed_has_no_names(source):
    assert parameter_names(source, "f") == []


# describe


@pytest.mark.parametrize(
    ("question", "text", "inputs"),
    [
        (call(X), "softmax(x)", ["x"]),
        (call(X, 1), "softmax(x, 1)", ["x"]),
        (call(X, keep=True), "softmax(x, keep=True)", ["x"]),
        (call(X, flag=X), "softmax(x, flag=flag)", ["x", "flag"]),
        (call(X, op="vjp"), "softmax(x).backward", ["x"]),
        (call(X, X, name="many"), "many(argument 1, argument 2)", ["argument 1", "argument 2"]),
        (call(X, X, X, X), "softmax(argument 1, argument 2, argument 3, argument 4)", 4),
        (call(8, 2, name="Layer"), "Layer(8, 2)", []),
        (call(X, X, on=handle("Layer"), name=None), "Layer(x, mask)", ["x", "mask"]),
        (call(X, on=handle("Callable"), name=None), "Callable(ids)", ["ids"]),
        (call(on=handle("Layer.eval"), name=None), "Layer.eval()", []),
        (call(None, "up", [1, 2]), "softmax(None, 'up', [1, 2])", []),
        (call(torch.float32, handle("Layer")), "softmax(torch.float32, <Layer>)", []),
        (call(torch.Generator(), math.sin), "softmax(generator, sin)", []),
        (call("long" * 20), "softmax('longlonglonglonglonglonglonglonglong...)", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_question_is_written_as_the_call_that_it_was(question, text, inputs):
    got, shown = describe(question, SOURCE)
    assert got == text
    assert len(shown) == inputs if isinstance(inputs, int) else list(shown) == inputs


def test_many_calls_are_shown_by_their_first():
    question = Question(
        {"op": "many", "on": None, "name": "softmax", "calls": [((X, 0), {}), ((X, 1), {})]}
    )
    assert describe(question, SOURCE) == ("softmax(x, 0)", {"x": array(X)})
    empty = Question({"op": "many", "on": None, "name": "softmax", "calls": []})
    assert describe(empty, SOURCE) == ("softmax()", {})


@pytest.mark.parametrize(
    ("value", "transposed"),
    [
        (torch.ones(2, 3), False),
        (torch.ones(2, 3).t(), True),
        (torch.ones(2, 3, 4, 5).permute(0, 2, 3, 1), True),
        (torch.ones(4, 6)[:, ::2], False),
        (torch.ones(1, 3).t(), False),
        (torch.tensor(1.0).expand(2, 2), False),
        (np.ones((2, 3)).T, False),
    ],
    ids=["plain", "matrix", "channels last", "every other", "one row", "expanded", "numpy"],
)
def test_an_input_that_reaches_the_box_transposed_is_shown_as_such(value, transposed):
    _, shown = describe(call(value), SOURCE)
    assert shown["x"].transposed is transposed
    body = []
    tree = msgpack.unpackb(msgpack.packb(wire.encode(value, body)))
    there = wire.decode(tree, memoryview(bytearray().join(body)))
    assert transposed is (isinstance(there, torch.Tensor) and not there.is_contiguous())


def test_a_call_is_one_line_whatever_it_was_given():
    text, _ = describe(call([torch.ones(3, 3), torch.ones(3, 3)]), SOURCE)
    assert "\n" not in text and len(text) < 60


# array


@pytest.mark.parametrize(
    ("value", "shape", "dtype", "values"),
    [
        (X, (1, 2), "float32", (1.0, 2.0)),
        (torch.tensor(True), (), "bool", (1.0,)),
        (torch.tensor([3, -1]), (2,), "int64", (3.0, -1.0)),
        (torch.zeros(0, 3), (0, 3), "float32", ()),
        (torch.ones(8, 8).half(), (8, 8), "float16", (1.0,) * 64),
        (torch.ones(65), (65,), "float32", ()),
        (torch.tensor([math.inf, -math.inf]), (2,), "float32", (math.inf, -math.inf)),
        (torch.tensor(1.0).expand(2, 2), (2, 2), "float32", (1.0,) * 4),
        (torch.arange(4).view(2, 2).t(), (2, 2), "int64", (0.0, 2.0, 1.0, 3.0)),
        (torch.ones(1, requires_grad=True), (1,), "float32", (1.0,)),
        (np.array([[1, 2]]), (1, 2), "int64", (1.0, 2.0)),
        (np.arange(4.0)[::-2], (2,), "float64", (3.0, 1.0)),
    ],
)
def test_a_tensor_is_shown_row_by_row_if_it_is_small(value, shape, dtype, values):
    shown = array(value)
    assert (shown.shape, shown.dtype, shown.values) == (shape, dtype, values)


@pytest.mark.parametrize("value", [None, 1.0, [1.0], "x", handle("Layer")])
def test_what_is_no_tensor_is_no_array(value):
    assert array(value) is None


# counterexample


def test_a_mismatch_brings_its_numbers_beside_the_last_call():
    error = Mismatch("wrong", expected=X, got=X + 1, at=(0, 1), error=1.0, allowed=1e-6)
    shown = counterexample(error, trace(call(X), call(X, 1)), SOURCE)
    assert shown.call == "softmax(x, 1)" and shown.inputs == {"x": array(X)}
    assert (shown.expected, shown.got) == (array(X), array(X + 1))
    assert (shown.at, shown.error, shown.allowed) == ((0, 1), 1.0, 1e-6)


def test_an_exception_of_the_submission_is_shown_by_its_call():
    error = SubmissionError("softmax", "ValueError", "no", 3, False)
    shown = counterexample(error, trace(call(X)), SOURCE)
    assert shown.call == "softmax(x)" and shown.expected is shown.got is shown.at is None


def test_loading_and_reading_are_no_calls():
    questions = [call(X), Question({"op": "get", "on": None, "name": "SIZE"})]
    assert counterexample(AssertionError(), trace(*questions), SOURCE).call == "softmax(x)"
    assert counterexample(AssertionError(), trace(questions[1]), SOURCE) is None


def test_a_trace_that_lost_its_end_shows_no_call_rather_than_an_earlier_one():
    cut = trace(call(X), complete=False)
    assert counterexample(AssertionError(), cut, SOURCE) is None
    shown = counterexample(Mismatch("wrong", expected=X, got=X), cut, SOURCE)
    assert shown.call == "" and shown.expected == array(X)


@pytest.mark.parametrize("error", [math.inf, math.nan, None, "much"])
def test_an_error_that_is_no_number_is_left_out(error):
    assert counterexample(Mismatch("w", got=X, error=error), trace(), SOURCE).error is None


def test_without_call_and_numbers_there_is_nothing_to_show():
    assert counterexample(AssertionError("no"), trace(), SOURCE) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            [torch.ones((6,) * 8, dtype=torch.uint8)] * 9,
            "softmax([tensor(6, 6, 6, 6, 6, 6, 6, 6), tens...)",
        ),
        ((np.ones((2, 3)),), "softmax((array(2, 3),))"),
        ([[0]] * 10**6, "softmax([[0], [0], [0], [0], [0], [0], [0], [...)"),
        ({"a": [1, 2.5, None]}, "softmax({'a': [1, 2.5, None]})"),
    ],
    ids=["tensors", "array", "long", "plain"],
)
def test_large_arguments_are_told_in_a_few_words_and_at_once(value, text):
    began = time.process_time()
    assert describe(call(value), SOURCE)[0] == text
    assert time.process_time() - began < 1
