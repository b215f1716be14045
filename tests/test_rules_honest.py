"""Honest files: what must not be refused."""

from __future__ import annotations

import pytest

from grader.model import Rules
from grader.rules import judge

RULES = Rules(forbid=("softmax", "relu", "linear", "Transformer*", "is_causal", "dropout", "sum"))

T = "import torch\n"

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
    "class A:\n def linear(self): ...\n def f(self, o: 'A'): return self.linear()\nA().f(A())",
    T + "class A(torch.nn.Module): ...\nM = torch.nn.Module\nclass B(M): ...\nclass C(B): ...",
    "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A(Generic[T], Exception): ...",
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
    "def f(getattr, x, n): return getattr(x, n)",
    "def f():\n x: int\n x = y = 1\n [x, y] = y, x\n return x",
    T + "inf: float = torch.inf\ndef f(): return inf",
    T + "def f(m): m.eval(); m.compile(); return m.load_state_dict({}), m.input",
    T + "print(torch.__version__)",
    T + "def f(x): return type(x).__name__, x.__class__.__name__",
    T + "def f(x): return getattr(torch, 'exp')(x), getattr(x, 'grad', None)",
    "def f(x): setattr(x, 'grad', None)\ndef g(x): return hasattr(x, 'grad')",
    T + "def f(x, dtype=torch.float32): return x.to(dtype=dtype)",
    "from torch.utils import data\ndef f(data): return list(data)",
    "import torch as t\ndef f(x):\n for t in range(3): x = x + t\n return x",
    "import torch.nn.functional as F\ndef f(x):\n B, T, F = x.shape\n return x.view(B * T, F)",
    "class A:\n def __add__(self, o): return self\n __radd__ = __add__",
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


def test_a_context_manager_may_be_written_where_contextlib_may_be_imported() -> None:
    source = "from contextlib import contextmanager\n@contextmanager\ndef f():\n yield"
    assert judge(source, Rules(imports=("contextlib",))) == ()
    assert judge(source, RULES)[0].name == "contextlib"


def test_a_whole_attention_may_define_its_own_softmax() -> None:
    rules = Rules(forbid=("softmax", "MultiheadAttention", "scaled_dot_product_attention"))
    assert judge(ATTENTION, rules) == ()


def test_a_plain_gpt_keeps_every_rule_of_the_fifty_lines() -> None:
    assert judge(GPT, GPT_RULES) == ()
