"""Forbidden names: what is refused, what is not, and that judging never fails."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Rules
from grader.rules import Violation, judge, missing

RULES = Rules(forbid=("softmax", "relu", "linear", "Transformer*", "is_causal", "dropout", "sum"))

T = "import torch\n"
F = "import torch.nn.functional as F\n"
NN = "from torch import nn\n"


def names(source: str, rules: Rules = RULES) -> list[str]:
    return [violation.name for violation in judge(source, rules)]


EVIL = [
    # what the exercise is about, under every disguise
    (F + "def f(x): return F.softmax(x, -1)", "F.softmax"),
    (T + "def f(x): return torch.softmax(x, -1)", "torch.softmax"),
    ("def f(x): return x.softmax(-1)", "x.softmax"),
    ("def f(q, k): return (q @ k).softmax(-1)", "softmax"),
    ("def f(x): return x.relu_()", "x.relu_"),
    (T + "def f(x): return torch._softmax(x, -1, False)", "torch._softmax"),
    (NN + "layer = nn.Softmax(-1)", "nn.Softmax"),
    (NN + "layer = nn.ReLU()", "nn.ReLU"),
    (NN + "class MyLinear(nn.Linear): pass", "nn.Linear"),
    (NN + "layer = nn.TransformerEncoderLayer(8, 2)", "nn.TransformerEncoderLayer"),
    ("from torch.nn.functional import softmax", "torch.nn.functional.softmax"),
    (
        "from torch.nn.functional import softmax as s\ndef f(x): return s(x)",
        "torch.nn.functional.softmax",
    ),
    (T + "g = torch.nn.functional\ndef f(x): return g.softmax(x)", "g.softmax"),
    (T + "def f(x): return getattr(torch, 'softmax')(x)", "torch.softmax"),
    ("def f(x): return getattr(x, 'soft' 'max')(-1)", "x.softmax"),
    ("def f(x): return getattr(x, 'ſoftmax')(-1)", "x.softmax"),
    ("def f(x): return x.ſoftmax(-1)", "x.softmax"),
    ("def f(x): return x.𝐬𝐨𝐟𝐭𝐦𝐚𝐱(-1)", "x.softmax"),
    ("def f(x): return sum(x)", "sum"),
    ("def f(x): return map(sum, x)", "sum"),
    ("class A:\n def sum(self): ...\ndef f(x): return sum(x)", "sum"),
    ("[0 for sum in ()]\ndef f(x): return sum(x)", "sum"),
    ("def f(a, q): return a(q, is_causal=True)", "is_causal"),
    ("def f(a, q): return a(q, **{'is_causal': True})", "is_causal"),
    (NN + "class A(nn.LSTM): pass\nlayer = A(8, 8, 2, dropout=0.5)", "dropout"),
    (NN + "def f(dropout): return nn.LSTM(8, 8, 2, dropout=dropout)", "dropout"),
    ("def softmax(x): ...\ndef f(x): return x.softmax(-1)", "x.softmax"),
    (T + "def softmax(x): return torch.softmax(x, -1)", "torch.softmax"),
    (T + "softmax = torch.softmax\ndef f(x): return softmax(x, -1)", "torch.softmax"),
    ("class A:\n def softmax(self): ...\ndef f(self): return self.softmax()", "self.softmax"),
    ("class A:\n def f(self): return self.softmax()", "self.softmax"),
    ("def f(x):\n match x:\n  case object(softmax=s): return s(-1)", "softmax"),
    ("def f(x): return f'{x.softmax(-1)}'", "x.softmax"),
    ("def f(x: 'int' = [].relu): ...", "relu"),
    (F + "@F.relu\ndef f(): ...", "F.relu"),
    # text as code, tables of names, builtins
    ("exec('x = 1')", "exec"),
    ("eval('1')", "eval"),
    ("compile('1', '', 'eval')", "compile"),
    ("__import__('os')", "__import__"),
    ("globals()['x'] = 1", "globals"),
    ("def f(): return locals()", "locals"),
    ("def f(x): return vars(x)", "vars"),
    ("breakpoint()", "breakpoint"),
    ("input()", "input"),
    ("open('answers')", "open"),
    ("with open('answers') as file: file.read()", "open"),
    ("run = exec\nrun('1')", "exec"),
    ("list(map(eval, ['1']))", "eval"),
    ("def f(exec=exec): exec('1')", "exec"),
    ("exec('1')\nexec = print", "exec"),
    ("def f():\n global exec\n exec = exec\n exec('1')", "exec"),
    ("def f():\n [0 for eval in eval('()')]", "eval"),
    ("def f():\n [0 for eval in ()]\n eval('1')", "eval"),
    ("def f(exec):\n class A:\n  exec('1')\n  exec = 1", "exec"),
    ("quit()", "quit"),
    # imports
    ("import os", "os"),
    ("import os.path as p", "os.path"),
    ("import importlib", "importlib"),
    ("from subprocess import run", "subprocess"),
    ("def f():\n import ctypes", "ctypes"),
    ("import pandas as pd", "pandas"),
    ("import torchvision", "torchvision"),
    ("from operator import attrgetter", "operator"),
    ("from . import answers", "."),
    ("from .secret import key", ".secret"),
    ("from torch import *", "*"),
    ("from torch.nn.functional import *", "*"),
    ("from torch import os", "torch.os"),
    ("from torch import _C", "torch._C"),
    ("import torch._C as c", "torch._C"),
    ("from torch import __config__", "torch.__config__"),
    ("import torch as __builtins__", "__builtins__"),
    ("class A:\n import torch as t\n def f(self): self.t.load('x')", "torch"),
    # doors inside torch and numpy
    (T + "torch.ops.aten.mm", "torch.ops"),
    ("import torch as t\nt.ops.aten.mm", "t.ops"),
    (T + "t = torch\nt.hub.list('x')", "t.hub"),
    (T + "torch._C._nn", "torch._C"),
    (T + "torch.load('x')", "torch.load"),
    ("from torch import load as zeros", "torch.load"),
    (T + "getattr(torch, 'load')('x')", "torch.load"),
    (T + "u = getattr(torch, 'utils')\nu.benchmark.Timer('1')", "u.benchmark"),
    (T + "torch.library.Library('a', 'DEF')", "torch.library"),
    ("import torch.utils.cpp_extension as c", "torch.utils.cpp_extension"),
    ("from torch.utils import cpp_extension", "torch.utils.cpp_extension"),
    (T + "torch.serialization.load('x')", "torch.serialization"),
    (T + "torch.package.PackageImporter('x')", "torch.package"),
    (T + "torch.jit.CompilationUnit('')", "torch.jit"),
    (T + "torch.nn.functional.torch.load('x')", "torch.nn.functional.torch"),
    ("from torch.nn.functional import torch as t\nt.load('x')", "torch.nn.functional.torch"),
    (T + "torch.os.system('x')", "torch.os"),
    (T + "def f(m): return m.sys", "m.sys"),
    (T + "[torch][0].load('x')", "torch"),
    (T + "def f(t=torch): t.load('x')", "torch"),
    (T + "t, n = torch, 1\nt.load('x')", "torch"),
    (T + "t = torch\nu = t\nu.load('x')", "t"),
    (T + "class A:\n t = torch\nA.t.load('x')", "torch"),
    (T + "(t := torch).load('x')", "torch"),
    (T + "match torch:\n case object(load=l): l('x')", "torch"),
    ("import numpy as np\nnp.load('x')", "np.load"),
    ("import numpy as np\ndef f(x): x.tofile('y')", "x.tofile"),
    ("import typing\ntyping.get_type_hints(1)", "typing.get_type_hints"),
    ("import math as t\nimport torch as t\nt.load('x')", "t.load"),
    # names with two underscores
    ("().__class__", "__class__"),
    ("def f(x): return x.__class__.__bases__", "x.__class__.__bases__"),
    ("def f(): return f.__globals__", "f.__globals__"),
    ("def f(x): return getattr(x, '__dict__')", "x.__dict__"),
    ("def f(x): return x.__matmul__(x)", "x.__matmul__"),
    ("class A:\n def f(self): super().__setattr__('a', 1)", "__setattr__"),
    ("x = __builtins__", "__builtins__"),
    ("x = __loader__", "__loader__"),
    ("x = __spec__.loader", "__spec__"),
    ("class A:\n def f(self): return __class__", "__class__"),
    ("def f(x):\n match x:\n  case object(__class__=c): return c", "__class__"),
    ("class A:\n def __eq__(self, other): return True", "__eq__"),
    ("class A:\n def __getattr__(self, name): return 1", "__getattr__"),
    ("class A:\n def __getattribute__(self, name): return 1", "__getattribute__"),
    ("class A:\n def __reduce__(self): return print, ()", "__reduce__"),
    ("class A:\n def __torch_function__(self, *a): ...", "__torch_function__"),
    ("class A:\n __torch_dispatch__ = 1", "__torch_dispatch__"),
    ("class A:\n __match_args__ = ('softmax',)", "__match_args__"),
    ("class A:\n def __del__(self): ...", "__del__"),
    ("def __getattr__(name): return 1", "__getattr__"),
    ("def f(g): return g.gi_frame.f_back", "g.gi_frame"),
    # attributes by computed name, classes by call, other tricks
    ("def f(x, n): return getattr(x, n)", "getattr"),
    ("def f(x, n): return getattr(x, 'soft' + n)", "getattr"),
    ("def f(x, n): setattr(x, n, 1)", "setattr"),
    ("def f(x, n): delattr(x, n)", "delattr"),
    ("def f(x, n): return hasattr(x, f'{n}')", "hasattr"),
    ("g = getattr", "getattr"),
    ("def f(a): return getattr(*a)", "getattr"),
    ("A = type('A', (), {})", "type"),
    ("t = type\nA = t('A', (), {})", "type"),
    ("def f(a): return type(*a)", "type"),
    ("class M(type): pass", "type"),
    ("class A(metaclass=print): pass", "metaclass"),
    ("class A(**{'metaclass': print}): pass", "metaclass"),
    (T + "torch.exp = print", "torch.exp"),
    (F + "F.gelu = print", "F.gelu"),
    (F + "del F.gelu", "F.gelu"),
    (F + "setattr(F, 'gelu', print)", "F.gelu"),
    ("from torch import Tensor\nTensor.add = print", "Tensor.add"),
    (T + "for torch.exp in [print]: pass", "torch.exp"),
    ("def deco(f): return f\n@deco\ndef f(): ...", "@deco"),
    (T + "@torch.compile\ndef f(): ...", "@torch.compile"),
    ("@print\nclass A: ...", "@print"),
    ("@(lambda f: f)\ndef f(): ...", "@..."),
    (T + "torch.nn.Module().load(weights_only=False)", "weights_only"),
    ("".join(f"import torch.a{i} as t\n" for i in range(99)) + "t.x", "t"),
    (T + "".join(f"torch = torch.a{i}\n" for i in range(99)) + "torch.x", "torch"),
]


@pytest.mark.parametrize(("source", "name"), EVIL)
def test_a_forbidden_name_is_found_under_every_disguise(source: str, name: str) -> None:
    assert name in names(source)


def test_the_message_says_the_line_the_name_and_why() -> None:
    source = F + "\n\ndef f(x):\n    y = x\n\n    return F.softmax(x, -1) + F.softmax(y, -1)"
    why = (
        "line 7 uses `F.softmax`: this exercise is about building softmax, "
        "so softmax itself is not available here"
    )
    assert judge(source, RULES) == (Violation(7, "F.softmax", why),)
    assert judge("open('x')", RULES)[0].why == (
        "line 1 uses `open`: a submission may not read or write files"
    )


def test_violations_are_sorted_by_line() -> None:
    source = "def f(x):\n return x.relu()\n" + T + "torch.load('x')\nexec('1')"
    assert [(each.line, each.name) for each in judge(source, RULES)] == [
        (2, "x.relu"),
        (4, "torch.load"),
        (5, "exec"),
    ]


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("open('x')", "open"),
        (T + "torch.load('x', weights_only=True)", "torch.load"),
        ("from torch.profiler import profile", "torch.profiler"),
        ("from pathlib import Path", "pathlib"),
        ("import numpy as np\nnp.load('x')", "numpy.load"),
    ],
)
def test_an_exercise_can_allow_a_name_by_listing_it_in_full(source: str, allowed: str) -> None:
    default = Rules()
    assert judge(source, default) != ()
    assert judge(source, Rules(imports=(*default.imports, allowed))) == ()


@pytest.mark.parametrize("source", ["y = a @ b", "a @= b", "y = (a.T @ b) @ c"])
def test_a_function_that_is_forbidden_is_forbidden_as_a_sign(source: str) -> None:
    first = judge(source, Rules(forbid=("matmul",)))[0]
    assert (first.name, first.line) == ("@", 1) and "building matmul" in first.why
    assert judge(source, Rules(forbid=("pow",))) == ()
    assert judge("y = a ** 2\ny **= 2", Rules(forbid=("torch.pow",)))[1].line == 2


def test_a_dotted_entry_forbids_its_last_name() -> None:
    assert names(T + "torch.optim.SGD", Rules(forbid=("torch.optim",))) == ["torch.optim"]
    assert names("from torch import nn", Rules(forbid=("nn",))) == ["torch.nn"]


UNREADABLE = {
    "half a line": "def f(:",
    "a null byte": "x = 1\0",
    "half a surrogate pair": "x = '\ud800'",
    "100,000 parentheses": "(" * 100_000 + ")" * 100_000,
    "a long chain of signs": "-" * 50_000 + "1",
    "a long sum": "x = 1" + " + 1" * 20_000,
    "a long chain of attributes": "a" + ".a" * 30_000,
    "a number of 5,000 digits": "x = " + "9" * 5000,
    "a ladder of elif": "if x: 0\n" + "elif x: 0\n" * 7000,
    "another encoding": "# coding: utf-7\nx = 1",
    "an unknown encoding": "\n# -*- coding: nonsense -*-",
    "an encoding behind a lone carriage return": "# x\r# coding: latin-1",
}


@pytest.mark.parametrize("source", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_not_python_is_one_violation(source: str) -> None:
    (violation,) = judge(source, Rules(size_kb=1000, lines=50))
    assert violation.name == "syntax"
    assert violation.line >= 1


def test_a_file_too_deep_for_the_walk_is_one_violation() -> None:
    (violation,) = judge("x = 1" + " + 1" * 900, RULES)
    assert (violation.name, "nested too deeply" in violation.why) == ("syntax", True)


def test_a_syntax_error_names_its_line() -> None:
    (violation,) = judge("x = 1\ny = = 2", RULES)
    assert violation == (2, "syntax", "line 2: the file is not valid Python: invalid syntax")


def test_a_file_that_is_too_large_is_not_even_parsed() -> None:
    (violation,) = judge("(" * 100_000, RULES)
    assert (violation.line, violation.name) == (1, "size")
    assert "100000 bytes" in violation.why and "64 KiB" in violation.why


def test_comprehensions_in_comprehensions_are_judged_once_each() -> None:
    depth = 60
    assert judge("[0 for x in " * depth + "()" + "]" * depth, RULES) == ()


PIECES = st.sampled_from(
    "def class lambda : ( ) [ ] { } , . = := @ * ** import from as x self torch F softmax "
    "__class__ getattr 'softmax' f'{x}' match case _ if else for in return global \n \n\x20 \0 "
    "\ud800 type super 0xff -".split(" ")
)


@settings(max_examples=200, deadline=None)
@given(source=st.one_of(st.text(), st.lists(PIECES).map(" ".join)))
def test_judging_never_raises_whatever_the_text(source: str) -> None:
    violations = judge(source, Rules(forbid=("softmax", "*"), lines=3, tokens=5))
    assert all(each.line >= 1 and each.name and each.why for each in violations)
    assert len({each[:2] for each in violations}) == len(violations)


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        (T + "def f(x): return torch.log_softmax(x, -1)", ()),
        (NN + "f = nn.Softmax(-1)", ()),
        ("def f(x): return x.exp() / x.exp().sum()  # softmax", ("softmax",)),
        ("def f(:", ()),
    ],
)
def test_a_name_that_a_solution_would_use_is_missed_in_the_code_alone(source, lacking):
    assert missing(source, Rules(expect=("softmax",))) == lacking
