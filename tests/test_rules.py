"""Forbidden names: what is refused, what is not, and that judging never fails."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Rules
from grader.rules import Violation, judge

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
    (T + "torch.nn.functional.torch.load('x')", "torch.nn.functional.torch.load"),
    ("from torch.nn.functional import torch as t\nt.load('x')", "t.load"),
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
    ("def f(x): return x.__class__.__bases__", "__bases__"[:0] + "x.__class__.__bases__"),
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
]


@pytest.mark.parametrize(("source", "name"), EVIL)
def test_a_forbidden_name_is_found_under_every_disguise(source: str, name: str) -> None:
    assert name in names(source)


ATTENTION = '''
"""Multi-head attention."""
from __future__ import annotations
import math
import torch
from torch import Tensor, nn


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Turn scores into probabilities."""
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0, bias: bool = True):
        super().__init__()
        if d_model % n_heads:
            raise ValueError(f"d_model {d_model} is not a multiple of n_heads {n_heads}")
        self.h, self.d_k = n_heads, d_model // n_heads
        self.W_q, self.W_k, self.W_v, self.W_o = (
            nn.Linear(d_model, d_model, bias=bias) for _ in range(4)
        )
        self.drop = nn.Dropout(dropout)

    def split(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        return x.view(B, T, self.h, self.d_k).transpose(1, 2)

    def forward(self, x, mask=None, causal=False):
        q, k, v = (self.split(w(x)) for w in (self.W_q, self.W_k, self.W_v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(future, -torch.inf)
        weights = softmax(scores)
        self.last_weights = weights.detach()
        return self.W_o((self.drop(weights) @ v).transpose(1, 2).flatten(2))
'''

GPT = '''
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h, self.ln1, self.ln2 = h, nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = (
            t.view(B, T, self.h, C // self.h).transpose(1, 2) for t in self.qkv(x).chunk(3, -1)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.h)
        future = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
        weights = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        x = x + self.attend(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """A decoder-only transformer."""

    def __init__(self, vocab_size, block_size, d_model=64, n_heads=4, n_layers=2):
        super().__init__()
        self.block_size = block_size
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(block_size, d_model)
        self.blocks = nn.Sequential(*(Block(d_model, n_heads) for _ in range(n_layers)))
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, idx):
        T = idx.shape[1]
        if T > self.block_size:
            raise ValueError(f"{T} tokens do not fit in {self.block_size}")
        x = self.tokens(idx) + self.positions(torch.arange(T, device=idx.device))
        return self.head(self.norm(self.blocks(x)))
'''

GPT_RULES = Rules(
    forbid=("Transformer*", "MultiheadAttention", "scaled_dot_product_attention", "is_causal"),
    imports=("torch", "math"),
    lines=50,
)

TRAINING = """
import torch
from torch.utils.data import DataLoader
from torch.utils import data
torch.manual_seed(0)
torch.backends.cudnn.deterministic = True
def train(model, dataset, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for input, target in DataLoader(dataset, batch_size=32, num_workers=0):
        optimizer.zero_grad(set_to_none=True)
        loss = ((model(input) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        yield loss.item()
@torch.no_grad()
def evaluate(model, data):
    model.eval()
    return [model(x) for x in data]
"""

INNOCENT = [
    "",
    "def softmax(x):\n return x.exp() / x.exp().mean()\ndef f(x): return softmax(x)",
    "class A:\n def softmax(self, x): ...\n def f(self, x): return self.softmax(x)",
    "class A:\n def __init__(self): self.linear = 1\n def f(self): return self.linear",
    "class A:\n linear: int = 0\n @classmethod\n def f(cls): return cls.linear",
    "def f(softmax, x): return softmax(x)",
    "def f(relu):\n def g(x): return relu(x)\n return g",
    "class A:\n def __init__(self, dropout=0.1): ...\na = A(dropout=0.2)",
    "def attend(q, is_causal=False): ...\ndef f(q): return attend(q, is_causal=True)",
    "def f(x): return x.log_softmax(-1)",
    "def softmax(x): raise NotImplementedError('softmax: your code goes here')",
    "# torch.softmax\ndef f():\n 'Do not call torch.softmax or open().'",
    "def f(): print('{0.softmax}'.format(1))",
    "def f(input): return input + 1",
    "def f(loader):\n for input, target in loader: print(input, target)",
    "def f(open, vars=3):\n def g(): return open + vars\n return g",
    "def f(xs): return [input * 2 for input in xs]",
    "f = lambda input: input",
    T + "def f(m): m.eval(); m.compile(); return m.load_state_dict({}), m.input",
    T + "print(torch.__version__)",
    T + "def f(x): return type(x).__name__, x.__class__.__name__",
    T + "def f(x): return getattr(torch, 'exp')(x), getattr(x, 'grad', None)",
    "def f(x): setattr(x, 'grad', None)\ndef g(x): return hasattr(x, 'grad')",
    T + "def f(x, dtype=torch.float32): return x.to(dtype=dtype)",
    "from torch.utils import data\ndef f(data): return list(data)",
    "import torch as t\ndef f(x):\n for t in range(3): x = x + t\n return x",
    "import torch.nn.functional as F\ndef f(x):\n B, T, F = x.shape\n return x.view(B * T, F)",
    "class A:\n def __add__(self, o): return self\n __radd__ = __add__\n def __len__(self): return 0",
    "class A:\n def __call__(self, *a): return self.forward(*a)\n def forward(self): ...",
    "class A(dict):\n def __getitem__(self, k): return super().__getitem__(k)",
    "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass A:\n x: int = 1",
    "from dataclasses import dataclass as d\n@d\nclass A:\n def __post_init__(self): ...",
    "import torch as t\n@t.inference_mode\ndef f(): ...\n@t.no_grad()\ndef g(): ...",
    "class A:\n @property\n def x(self): ...\n @staticmethod\n def y(): ...",
    "from collections.abc import Iterator\nfrom typing import NamedTuple\nimport numpy as np",
    "import numpy as np\nrng = np.random.default_rng(0)\nx = np.lib.stride_tricks",
    "if __name__ == '__main__':\n print(1)",
    "def f(x):\n match x:\n  case {'a': y, **rest}: return y, rest\n  case [a, *b]: return a, b",
    "try:\n pass\nexcept ValueError as error:\n print(error)",
    "x = '\\d'\ny = 1 if x is 'a' else 2",
    TRAINING,
]


@pytest.mark.parametrize("source", INNOCENT)
def test_an_honest_file_has_no_violation(source: str) -> None:
    assert judge(source, RULES) == ()


def test_a_whole_attention_may_define_its_own_softmax() -> None:
    rules = Rules(forbid=("softmax", "MultiheadAttention", "scaled_dot_product_attention"))
    assert judge(ATTENTION, rules) == ()


def test_a_plain_gpt_keeps_every_rule_of_the_fifty_lines() -> None:
    assert judge(GPT, GPT_RULES) == ()


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
