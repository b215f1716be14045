"""Your 25 questions: sizes, counts, receptive fields, one image by hand, one network.

The right answers come from torch: it builds the layer and calls it. A misconception is the answer
of somebody who has one rule wrong. Numbers are drawn again until each shows in three items or more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.answers import number

AFFECTED = 3
"""Items that each misconception gets wrong, at least: enough not to pass with it."""
CONV = ("one_forgotten", "padding_once", "rounded_up", "dilation_ignored")
POOL = ("one_forgotten", "padding_once", "pool_rounded_up", "pool_moves_by_one")
OTHERS = ("kernel_flipped", "bias_forgotten", "channels_ignored", "strides_ignored")
MISCONCEPTIONS = {*CONV, *POOL, *OTHERS}
TOLERANCE = 1e-3
Rule = dict[str, int]


@dataclass(frozen=True)
class Question:
    """One value that is asked for: a whole number, a shape, or rows of numbers."""

    text: str
    right: Any
    misread: dict[str, Any] = field(default_factory=dict)
    """By the name of a misconception: its answer, where that is another one."""

    def __str__(self) -> str:
        return self.text

    def answer(self, misconception: str = "") -> Any:
        """The value as it stands in the answers file."""
        return self.misread.get(misconception, self.right)

    def read(self, answer: Any) -> Any:
        """What a learner wrote, as numbers in lists; None where it is blank.

        Raises: ValueError with what to write instead.
        """
        mine = _numbers(answer)
        if mine is not None and _depth(mine) != _depth(self.right):
            raise ValueError(FORMS[_depth(self.right)])
        return mine

    def agrees(self, mine: Any) -> bool:
        """Whether a legal answer is right."""
        if isinstance(self.right, list):
            if not isinstance(mine, list) or len(mine) != len(self.right):
                return False
            pairs = zip(self.right, mine, strict=True)
            return all(Question("", right).agrees(each) for right, each in pairs)
        return not isinstance(mine, list) and abs(mine - self.right) <= TOLERANCE


FORMS = (
    "write one number, as in 7",
    "write a shape, as in [16, 7, 7]",
    "write rows, as in [[4, -6], [0, 1/2]], or [[3]] for a single number",
)


def _numbers(answer: Any) -> Any:
    if isinstance(answer, str) and re.fullmatch(r"\([\d, ]*\)", answer):
        answer = [int(size) for size in re.findall(r"\d{1,9}", answer)]
    if isinstance(answer, list):
        values = [_numbers(each) for each in answer]
        return None if None in values or not values else values
    return None if answer is None else number(answer)


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) else 0


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """25 questions, q01 to q25; no misconception passes them."""
    while True:
        asked = [*_sizes(rng), *_counts(rng), *_fields(rng), *_by_hand(rng), *_network(rng)]
        affected = Counter(name for each in asked for name in each.misread)
        if all(affected[name] >= AFFECTED for name in MISCONCEPTIONS):
            return {f"q{i:02}": each for i, each in enumerate(asked, 1)}


def _question(text: str, right: Any, **misread: Any) -> Question:
    return Question(text, right, {name: each for name, each in misread.items() if each != right})


def _side(n: int, rule: Rule, wrong: str, names: tuple[str, ...]) -> int:
    """The side of the output for somebody who has one rule wrong, if it is one of `names`."""
    wrong = wrong if wrong in names else ""
    k, p, d = rule["kernel_size"], rule.get("padding", 0), rule.get("dilation", 1)
    s = rule.get("stride", k if names is POOL else 1)
    room = n + (p if wrong == "padding_once" else 2 * p)
    room -= k if wrong == "dilation_ignored" else d * (k - 1) + 1
    s = 1 if wrong == "pool_moves_by_one" else s
    steps = -(-room // s) if wrong.endswith("rounded_up") else room // s
    return steps + (wrong != "one_forgotten")


LAYERS: tuple[tuple[str, Rule], ...] = (
    ("Conv2d", {"kernel_size": 5}),
    ("Conv2d", {"kernel_size": 5, "padding": 2}),
    ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("Conv2d", {"kernel_size": 7, "stride": 2, "padding": 3}),
    ("Conv2d", {"kernel_size": 4, "stride": 3, "padding": 2}),
    ("Conv2d", {"kernel_size": 3, "padding": 2, "dilation": 2}),
    ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 2, "dilation": 3}),
    ("MaxPool2d", {"kernel_size": 2}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("AvgPool2d", {"kernel_size": 3}),
)


def _sizes(rng: np.random.Generator) -> list[Question]:
    """The side of what a layer makes of a square image."""
    questions = []
    for kind, rule in LAYERS:
        n = int(rng.integers(14, 60))
        names = CONV if kind == "Conv2d" else POOL
        channels = [3, 8] if kind == "Conv2d" else []
        with torch.device("meta"):  # shapes only
            side = getattr(nn, kind)(*channels, **rule)(torch.zeros(1, 3, n, n)).shape[-1]
        words = [*map(str, channels), *(f"{key}={value}" for key, value in rule.items())]
        text = f"nn.{kind}({', '.join(words)})\n     on {n} x {n} pixels: the side of the output"
        misread = {name: _side(n, rule, name, names) for name in names}
        questions.append(_question(text, side, **misread))
    return questions


def _counts(rng: np.random.Generator) -> list[Question]:
    """Parameters of one layer and of two, and what a linear layer would cost instead."""
    i, o, last = (int(c) for c in rng.choice([3, 5, 7, 11, 13, 17], 3, replace=False))
    k, times = int(rng.choice([3, 5])), int(rng.choice([4, 5, 6]))
    side = k * times
    weights = {"channels_ignored": o * k * k, "bias_forgotten": i * o * k * k}
    one = i * o * k * k + o
    two = i * o * 9 + 2 * o + o * last + last
    return [
        _question(
            f"nn.Conv2d({i}, {o}, {k}): parameters",
            one,
            bias_forgotten=weights["bias_forgotten"],
            channels_ignored=weights["channels_ignored"] + o,
        ),
        _question(
            f"nn.Conv2d({i}, {o}, 3, bias=False), nn.BatchNorm2d({o}), nn.ReLU(), "
            f"nn.Conv2d({o}, {last}, 1): parameters",
            two,
            bias_forgotten=two - last,
            channels_ignored=o * 9 + 2 * o + last + last,
        ),
        _question(
            f"nn.Conv2d({i}, {o}, {k}, padding={k // 2}) on {side} x {side} pixels, and the "
            f"nn.Linear from all {i * side**2:,} input\n     numbers to all {o * side**2:,} output "
            "numbers: how many times as many weights has nn.Linear,\n     biases left out",
            side**4 // k**2,
            channels_ignored=i * side**4 // k**2,
        ),
    ]


Stack = list[tuple[str, int, int]]


def _fields(rng: np.random.Generator) -> list[Question]:
    """How many input pixels, along one side, one output number depends on."""
    first, second, third = (int(k) for k in rng.choice([3, 5, 7], 3))
    pool = ("nn.MaxPool2d(2)", 2, 2)
    blocks = [_conv(first), pool, _conv(second), pool, _conv(third), pool]
    strided = [_conv(int(rng.choice([3, 5])), s) for s in (2, int(rng.choice([2, 3])), 1)]
    return [_field(blocks[:4]), _field(blocks), _field(strided)]


def _conv(k: int, s: int = 1) -> tuple[str, int, int]:
    return f"Conv {k}x{k}" + (f" stride {s}" if s > 1 else ""), k, s


def _field(stack: Stack) -> Question:
    names = ", ".join(name.replace("nn.MaxPool2d(2)", "MaxPool 2x2 stride 2") for name, *_ in stack)
    text = f"{names}:\n     the side of the receptive field of one output number"
    return _question(text, _probed(stack), strides_ignored=1 + sum(k - 1 for _, k, _ in stack))


def _probed(stack: Stack) -> int:
    """Along one side: the input places that have a gradient from the output in the middle.

    A kernel of ones stands for every layer, since a maximum passes gradient to one place only.
    """
    x = torch.zeros(1, 1, 400, dtype=torch.float64, requires_grad=True)
    y = x
    for _, k, stride in stack:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64), stride=stride)
    (gradient,) = torch.autograd.grad(y[0, 0, y.shape[-1] // 2], x)
    return int((gradient != 0).sum())


def _by_hand(rng: np.random.Generator) -> list[Question]:
    """One image and one kernel: convolved three times, and pooled twice."""
    image, kernel = (
        torch.tensor(rng.integers(low, high + 1, (1, 1, side, side)), dtype=torch.float64)
        for side, low, high in ((5, -2, 4), (3, -2, 2))
    )
    flipped = kernel.flip(2, 3)
    padded = F.pad(image, (1, 0, 1, 0))
    pooled = {"pool_rounded_up": {"ceil_mode": True}, "pool_moves_by_one": {"stride": 1}}
    given = f"x = {_rows(image)}\n     w = {_rows(kernel)}\n     "
    return [
        _question(
            given + "F.conv2d(x, w): rows",
            _rows(F.conv2d(image, kernel)),
            kernel_flipped=_rows(F.conv2d(image, flipped)),
        ),
        _question(
            "the same x and w, F.conv2d(x, w, stride=2, padding=1): rows",
            _rows(F.conv2d(image, kernel, stride=2, padding=1)),
            kernel_flipped=_rows(F.conv2d(image, flipped, stride=2, padding=1)),
            padding_once=_rows(F.conv2d(padded, kernel, stride=2)),
        ),
        _question(
            "the same x and w, F.conv2d(x, w, dilation=2): rows",
            _rows(F.conv2d(image, kernel, dilation=2)),
            kernel_flipped=_rows(F.conv2d(image, flipped, dilation=2)),
            dilation_ignored=_rows(F.conv2d(image, kernel)),
        ),
        *(
            _question(
                f"the same x, F.{pool.__name__}(x, 2): rows",
                _rows(pool(image, 2)),
                **{name: _rows(pool(image, 2, **wrong)) for name, wrong in pooled.items()},
            )
            for pool in (F.max_pool2d, F.avg_pool2d)
        ),
    ]


def _rows(x: Tensor) -> list[list[float]]:
    """The only channel of the only image, whole numbers without a point."""
    return [[int(v) if v == int(v) else v for v in row] for row in x[0, 0].tolist()]


def _network(rng: np.random.Generator) -> list[Question]:
    """A network of three blocks, from the image to the logits."""
    n = 4 * int(rng.integers(16, 56)) + 3
    widths = [int(rng.choice(each)) for each in ([12, 16, 24], [32, 40, 48], [64, 96, 128])]
    names = ("one_forgotten", "padding_once", "pool_rounded_up", "pool_moves_by_one")
    sides = {name: [n] for name in ("", *names)}
    for name, chain in sides.items():
        for _ in range(2):
            inside = _side(chain[-1], {"kernel_size": 3, "padding": 1}, name, CONV)
            chain.append(_side(inside, {"kernel_size": 2}, name, POOL))
    x, shapes = torch.zeros(1, 3, n, n, device="meta"), []
    for before, after in zip([3, *widths], widths, strict=False):
        x = nn.MaxPool2d(2)(nn.Conv2d(before, after, 3, padding=1, device="meta")(x))
        shapes.append(list(x.shape[1:]))
    last = list(F.adaptive_avg_pool2d(x, 4).shape[1:])
    text = (
        f"an image (3, {n}, {n}), and three blocks of nn.Conv2d(.., c, 3, padding=1),\n"
        f"     nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(2) with c = {widths[0]}, {widths[1]}, "
        f"{widths[2]};\n     then nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(.., 10)\n     "
    )
    return [
        *(
            _question(
                (text if k == 0 else "the same network, ") + f"shape [C, H, W] after block {k + 1}",
                shapes[k],
                **{name: [widths[k], *2 * [sides[name][k + 1]]] for name in names},
            )
            for k in range(2)
        ),
        _question("the same network, shape [C, H, W] after nn.AdaptiveAvgPool2d(4)", last),
        _question(
            "the same network, parameters of its nn.Linear",
            16 * widths[2] * 10 + 10,
            bias_forgotten=16 * widths[2] * 10,
        ),
    ]
