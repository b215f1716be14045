"""The submission as a check sees it: values, exceptions, iterators, callbacks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from grader.oracle import assert_equal
from grader.proxy import TRACE_BYTES, TRACE_CALLS, SubmissionError

pytest_plugins = ["one_box"]


def raised(call, *args, **kwargs):
    with pytest.raises(SubmissionError) as caught:
        call(*args, **kwargs)
    return caught.value


# Functions


ECHO = "def echo(*args, **kwargs): return args, kwargs\n"


def test_values_cross_and_come_back(load):
    echo = load(ECHO).echo
    plain = (1, -(2**70), 2.5, math.inf, "é", None, True, [1, (2, [])], {"a": {1: 2}}, torch.int8)
    assert echo(*plain, k=(1,)) == (plain, {"k": (1,)})
    assert math.isnan(echo(math.nan)[0][0])
    assert echo(np.float32(0.5), torch.Size([2, 3])) == ((0.5, (2, 3)), {})


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor(True),
        torch.tensor([], dtype=torch.int32),
        torch.zeros(2, 0, 3, dtype=torch.float64),
        torch.arange(6).view(2, 3).t(),
        torch.tensor([1.5]).expand(3, 1),
        torch.tensor([math.nan, -math.inf]).half(),
        torch.ones(2, requires_grad=True),
    ],
    ids="bool empty hollow transposed zero-stride nan leaf".split(),
)
def test_tensors_cross_with_dtype_and_strides(load, value):
    source = ECHO + "def facts(x): return str(x.dtype), x.stride(), x.requires_grad"
    submission = load(source)
    ((back,), _) = submission.echo(value)
    assert back.dtype is value.dtype and back.shape == value.shape
    assert_equal(back, value.detach(), "back")
    dtype, strides, needs_gradient = submission.facts(value)
    assert dtype == str(value.dtype) and not needs_gradient
    if value.numel() > 1 and 0 not in value.stride():
        assert strides == value.stride() == back.stride()


def test_arrays_stay_arrays(load):
    ((back,), _) = load(ECHO).echo(np.arange(6, dtype=np.int64).reshape(2, 3)[:, ::2])
    assert type(back) is np.ndarray and back.tolist() == [[0, 2], [3, 5]]


def test_what_is_no_value_cannot_enter_the_box(load):
    with pytest.raises(TypeError, match="a check passed a set, which cannot enter the box"):
        load(ECHO).echo({1, 2})


def test_constants_are_read_by_name(load):
    submission = load("SIZE = 3\nTABLE = {'a': (1, 2)}\n")
    assert submission.value("SIZE") == 3 and submission.value("TABLE") == {"a": (1, 2)}
    error = raised(submission.value, "COLOUR")
    assert (error.kind, error.message) == ("AttributeError", "the file defines no `COLOUR`")


def test_many_calls_are_answered_in_order(load):
    submission = load("def power(a, b=2): return a**b\ndef picky(a): return 1 / a")
    assert submission.power.many([(2,), (3,), (2, 5)]) == [4, 9, 32]
    assert submission.power.many([]) == []
    assert raised(submission.picky.many, [(1,), (0,)]).kind == "ZeroDivisionError"


def test_keeping_shows_the_arguments_afterwards(load):
    submission = load("def f(x, rows, *, y): x.add_(1); rows.append(2); y.zero_(); return 'done'")
    x, y = torch.ones(2), torch.ones(1)
    value, args, kwargs = submission.f.keeping(x, [1], y=y)
    assert value == "done" and args[0].tolist() == [2, 2] and args[1] == [1, 2]
    assert kwargs["y"].tolist() == [0] and x.tolist() == [1, 1] and y.tolist() == [1]


def test_generators_cross_by_their_seed(load):
    submission = load("import torch\ndef draw(g): return torch.rand(3, generator=g)")
    for seed in (0, 7):
        expected = torch.rand(3, generator=torch.Generator().manual_seed(seed))
        used = torch.Generator().manual_seed(seed)
        torch.rand(9, generator=used)
        assert torch.equal(submission.draw(used), expected)


# Exceptions


def test_an_exception_has_call_kind_message_and_line(load):
    submission = load("def f(x):\n    y = 1\n    raise KeyError('dim')\n")
    error = raised(submission.f, 1)
    assert (error.call, error.kind, error.message, error.line) == ("f", "KeyError", "'dim'", 3)
    assert str(error) == "f raised KeyError: 'dim'" and not error.memory


def test_the_line_is_the_learners_own_even_where_torch_raised(load):
    submission = load("import torch\ndef g(x):\n    return x @ x\ndef f(x):\n    return g(x)\n")
    assert raised(submission.f, torch.ones(2, 3)).line == 3


def test_a_name_that_the_file_lacks_is_an_error_of_the_submission(load):
    assert raised(load("x = 1").softmax, 1).message == "the file defines no `softmax`"


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("a = 1\nb = = 2\n", "SyntaxError", 2),
        ("a = 1\n\nraise ValueError('no')\n", "ValueError", 3),
        ("import nowhere\n", "ModuleNotFoundError", 1),
        ("raise SystemExit(1)\n", "SystemExit", 1),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
    ],
)
def test_a_file_that_cannot_be_loaded_says_where(load, text, kind, line):
    error = raised(load, text)
    assert (error.kind, error.line, error.call) == (kind, line, "mine.py")


def test_an_exception_may_be_as_odd_as_it_likes(load):
    submission = load(
        """
        class Mute(Exception):
            def __str__(self): raise RuntimeError("no")
        class Liar(BaseException):
            def __str__(self): return 3
        class Meta(type):
            def __instancecheck__(cls, other): raise SystemExit
        def mute(): raise Mute
        def liar(): raise Liar
        def long(): raise ValueError("x" * 10**6)
        def name(): raise type("N" * 10**5, (Exception,), {})
        def ring():
            error = ValueError("ring")
            error.__cause__ = error
            raise error
        def memory(): raise MemoryError
        def fine(): return 1
        """
    )
    assert raised(submission.mute).message == "" and raised(submission.liar).kind == "Liar"
    assert len(raised(submission.long).message) == 2000
    assert raised(submission.name).kind == "N" * 80
    assert raised(submission.ring).message == "ring" and raised(submission.memory).memory
    assert submission.fine() == 1


def test_what_cannot_leave_the_box_is_an_error_of_the_submission(load):
    submission = load(
        """
        import torch
        def complex_(): return torch.ones(1, dtype=torch.complex64)
        def meta(): return torch.ones(1, device="meta")
        def sparse(): return torch.eye(2).to_sparse()
        def bytes_(): return b"x"
        def deep():
            value = []
            for _ in range(100): value = [value]
            return value
        def round_():
            value = []
            value.append(value)
            return value
        def fine(): return 1
        """
    )
    for name in "complex_ meta sparse bytes_ deep round_".split():
        assert raised(getattr(submission, name)).kind == "WireError"
    assert submission.fine() == 1


# Iterators and callbacks


def test_an_iterator_is_read_one_by_one(load):
    submission = load(
        """
        made = []
        def squares(n):
            for i in range(n):
                made.append(i)
                yield i * i
        def count(): return len(made)
        def broken():
            yield 1
            raise ValueError("spent")
        """
    )
    assert list(submission.squares(4)) == [0, 1, 4, 9] and list(submission.squares(0)) == []
    for value in submission.squares(100):
        if value == 9:
            break
    assert submission.count() == 8
    with pytest.raises(SubmissionError, match="broken raised ValueError: spent"):
        list(submission.broken())


def test_what_is_no_iterator_cannot_be_read(load):
    assert raised(list, load("def f(): return {1, 2}").f()).kind == "TypeError"


def test_a_callback_called_with_wrong_arguments_is_refused_and_its_own_bug_is_not(load):
    submission = load(
        """
        def f(ask):
            try:
                return ask(1, 2, k=3)
            except RuntimeError as error:
                return str(error)
        """
    )
    assert "arguments that it does not take" in submission.f(lambda step: step)
    assert submission.f(lambda a, b, k: (a, b, k)) == (1, 2, 3)

    def buggy(a, b, k):
        return a + "b"

    with pytest.raises(TypeError, match="unsupported operand"):
        submission.f(buggy)


def test_callbacks_take_and_give_handles(load):
    submission = load("class Box: pass\ndef f(ask):\n    box = Box()\n    return ask(box) is box")
    assert submission.f(lambda box: box) is True


# The trace


def test_a_trace_keeps_questions_and_answers_of_one_example(load):
    submission = load("def f(x):\n    if x > 1: raise ValueError\n    return x + 1")
    submission.f(0)
    raised(submission.f, 2)
    first, second = submission.trace.questions
    assert (first.ask["name"], first.ask["args"], first.value, first.error) == ("f", (0,), 1, "")
    assert (second.value, second.error) == (None, "ValueError: ") and submission.trace.complete
    submission.begin()
    assert submission.trace.questions == []


def test_a_trace_that_grows_too_long_or_too_large_is_marked(load):
    submission = load("def f(x): return 1")
    for _ in range(TRACE_CALLS + 5):
        submission.f(0)
    assert len(submission.trace.questions) == TRACE_CALLS and not submission.trace.complete
    submission.begin()
    submission.f(torch.zeros(TRACE_BYTES + 1, dtype=torch.uint8))
    assert submission.trace.questions == [] and not submission.trace.complete
