"""Your twelve questions about the PyTorch that is installed here; the answers are read out of it.

A question also knows what hearsay says, what another framework does, and what an old version did.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn, optim
from torch.nn import init
from torch.optim.lr_scheduler import CosineAnnealingLR

from grader.answers import number

LINES = 5
"""How far from the right line an answer may lie."""


@dataclass(frozen=True)
class Question:
    """One question: what is right, and what known misconceptions say instead."""

    text: str
    right: Any
    """A number, or a word in small letters."""
    within: float = 0
    """How far off a number may be; 0.1 % where not given."""
    said: dict[str, Any] = field(default_factory=dict)
    reads_body: bool = False
    """Whether the signature does not tell."""

    def __str__(self) -> str:
        return f"{self.text}  (torch {torch.__version__})"

    def answer(self, misconception: str = "") -> Any:
        """What stands in the answers file, by somebody with this misconception or none."""
        return self.said.get(misconception, self.right)

    def read(self, answer: Any) -> Any:
        """A number or a word. Raises: ValueError with what to write instead."""
        if answer is None:
            return None
        if isinstance(self.right, str):
            return str(answer).strip().removesuffix("()").lower()
        return number(answer)

    def agrees(self, mine: Any) -> bool:
        """Whether an answer that was read is right."""
        if isinstance(self.right, str):
            return bool(mine == self.right)
        return abs(mine - self.right) <= (self.within or 1e-3 * abs(self.right))


def default(function: Callable[..., Any], name: str) -> Any:
    """The default of an argument, as the signature has it."""
    return inspect.signature(function).parameters[name].default


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """Twelve questions, q01 to q12."""
    kinds = (
        *(rate, rule, weights, biases, cosine, gates),
        *(hooks, inherited, flags, first_line, layer, norm),
    )
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    return {f"q{n:02}": kind(rng) for n, kind in enumerate(order, 1)}


def pick(rng: np.random.Generator, *choices: Any) -> Any:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def rate(rng: np.random.Generator) -> Question:
    """A default learning rate that everybody thinks to know."""
    kind, heard = pick(rng, (optim.SGD, 0.01), (optim.RMSprop, 0.001))
    text = f"What is the default learning rate of optim.{kind.__name__}?"
    return Question(text, default(kind, "lr"), said={"hearsay": heard, "framework": heard})


def rule(rng: np.random.Generator) -> Question:
    """Another number of an optimizer."""
    kind, name, heard, there = pick(
        rng,
        (optim.RMSprop, "alpha", 0.9, 0.9),
        (optim.AdamW, "weight_decay", 0, 0.004),
        (optim.Adagrad, "lr", 0.001, 0.001),
    )
    text = f"What is the default of {name} in optim.{kind.__name__}?"
    return Question(text, default(kind, name), said={"hearsay": heard, "framework": there})


def weights(rng: np.random.Generator) -> Question:
    """How nn.Linear draws its weights."""
    fan_in, fan_out = (int(size) for size in rng.choice([10, 12, 18, 24, 40, 45], 2, False))
    slope = re.search(r"kaiming_uniform_\(self\.weight, a=math\.sqrt\((\d+)\)", body(nn.Linear))
    assert slope, "nn.Linear draws its weights in another way; write this question anew"
    gain = init.calculate_gain("leaky_relu", math.sqrt(int(slope[1])))
    return Question(
        f"nn.Linear({fan_in}, {fan_out}) draws its weights between -b and b. What is b?",
        gain * math.sqrt(3 / fan_in),
        said={"hearsay": math.sqrt(6 / fan_in), "framework": math.sqrt(6 / (fan_in + fan_out))},
        reads_body=True,
    )


def biases(rng: np.random.Generator) -> Question:
    """How layers draw their biases."""
    size, kernel = pick(rng, 4, 8, 16, 32), pick(rng, 3, 5)
    assert "bound = 1 / math.sqrt(fan_in)" in body(nn.Linear) + body(nn.modules.conv._ConvNd)
    if pick(rng, True, False):
        name, fan_in = f"nn.Linear({size}, 7)", size
    else:
        name, fan_in = f"nn.Conv2d({size}, 7, {kernel})", size * kernel**2
    return Question(
        f"{name} draws its biases between -b and b. What is b?",
        1 / math.sqrt(fan_in),
        said={"hearsay": 0, "framework": 0},
        reads_body=True,
    )


def body(kind: type) -> str:
    """The source of the method that fills a layer's parameters."""
    return inspect.getsource(kind.reset_parameters)  # type: ignore[attr-defined]


def cosine(rng: np.random.Generator) -> Question:
    """What a cosine schedule does when it is over."""
    total, more = pick(rng, 8, 10, 12), pick(rng, 2, 3, 4)
    opt = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = CosineAnnealingLR(opt, T_max=total)
    for _ in range(total + more):
        opt.step()
        schedule.step()
    return Question(
        f"lr = 1, CosineAnnealingLR(opt, T_max={total}): what is the rate after {total + more}"
        " steps of the scheduler?",
        round(schedule.get_last_lr()[0], 6),
        within=2e-3,
        said={"hearsay": 0, "framework": 0},
        reads_body=True,
    )


def gates(rng: np.random.Generator) -> Question:
    """The order in which gates lie in one matrix."""
    kind, form, names, heard = pick(
        rng,
        (nn.LSTM, r"W_i(i)\|W_i(f)\|W_i(g)\|W_i(o)", "i, f, g or o", "figo"),
        (nn.GRU, r"W_i(r)\|W_i(z)\|W_i(n)", "r, z or n", "zrn"),
    )
    found = re.search(form, inspect.getdoc(kind) or "")
    assert found, "the documentation has changed; write this question anew"
    n = pick(rng, 0, 1)
    return Question(
        f"Rows {n} h to {n + 1} h of weight_ih_l0 of nn.{kind.__name__}, with h the hidden size:"
        f" whose are they? {names}, in the letters of its documentation",
        found[n + 1],
        said={"hearsay": heard[n], "framework": heard[n]},
        reads_body=True,
    )


def hooks(rng: np.random.Generator) -> Question:
    """Who calls the hooks of a module."""
    owner = nn.Module._call_impl  # type: ignore[misc]
    assert "_forward_hooks" in inspect.getsource(owner)
    which = pick(rng, "forward hooks", "forward pre-hooks")
    return Question(
        f"Which method of nn.Module runs the {which} of a module? Its name",
        owner.__name__,
        said={"hearsay": "forward", "framework": "__call__"},
        reads_body=True,
    )


def inherited(rng: np.random.Generator) -> Question:
    """Whether Adam and AdamW share their code."""
    name = pick(rng, "step", "__setstate__", "_init_group")
    owner = next(each for each in optim.AdamW.__mro__ if name in vars(each) and each is not object)
    if owner is optim.AdamW:
        owner = optim.AdamW.__mro__[1]
        text = "From which class does optim.AdamW inherit directly? Its name"
    else:
        text = f"In which class is the method {name} defined that optim.AdamW uses? Its name"
    said = {"old": "optimizer" if owner.__name__ == "Adam" else "adam", "hearsay": "adamw"}
    return Question(text, owner.__name__.lower(), said=said, reads_body=True)


def flags(rng: np.random.Generator) -> Question:
    """A default that has changed over the years."""
    function, name, old, heard = pick(
        rng,
        (torch.load, "weights_only", "false", "true"),
        (optim.Optimizer.zero_grad, "set_to_none", "false", "false"),
    )
    right = str(default(function, name)).lower()
    text = f"What is the default of {name} in the signature of {function.__qualname__}?"
    return Question(f"{text} true, false or none", right, said={"old": old, "hearsay": heard})


def first_line(rng: np.random.Generator) -> Question:
    """Where something stands."""
    function = pick(
        rng,
        nn.Module.register_buffer,
        nn.Module.load_state_dict,
        nn.functional.cross_entropy,
        nn.Linear.reset_parameters,
        optim.Optimizer.add_param_group,
        nn.MultiheadAttention.merge_masks,
    )
    file = (inspect.getsourcefile(function) or "").rpartition("/torch/")[2]
    line = inspect.getsourcelines(function)[1]
    return Question(
        f"torch/{file}: on which line does {function.__qualname__} begin? Within {LINES} is right",
        line,
        within=LINES,
        said={"old": max(line - 40, 1), "hearsay": 1},
        reads_body=True,
    )


def layer(rng: np.random.Generator) -> Question:
    """A default of a layer."""
    kind, name, heard, there = pick(
        rng,
        (nn.BatchNorm1d, "momentum", 0.9, 0.99),
        (nn.LayerNorm, "eps", 1e-6, 1e-3),
        (nn.LeakyReLU, "negative_slope", 0.2, 0.3),
    )
    text = f"What is the default of {name} in nn.{kind.__name__}?"
    return Question(text, default(kind, name), said={"hearsay": heard, "framework": there})


def norm(rng: np.random.Generator) -> Question:
    """How a gradient is clipped."""
    from torch.nn.utils import clip_grad

    small = re.search(r"max_norm / \(total_norm \+ (\S+)\)", inspect.getsource(clip_grad))
    assert small, "clipping has changed; write this question anew"
    most = pick(rng, 0.5, 1, 2)
    return Question(
        f"clip_grad_norm_ divides max_norm = {most:g} by the norm plus a small number. Which?",
        float(small[1]),
        said={"hearsay": 0, "framework": 0},
        reads_body=True,
    )
