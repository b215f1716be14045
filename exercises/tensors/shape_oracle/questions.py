"""Your 24 questions: expressions over small tensors whose sizes are distinct primes.

A template is a few lines of code with holes for sizes. It also says how known misconceptions
misread it, as the expression that they take it for. Sizes are drawn again until every misreading
gives another answer than the expression itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

COUNT = 24
AFFECTED = 3
"""Questions that each misconception gets wrong, at least: enough not to pass with it."""
PRIMES = (3, 5, 7, 11, 13, 17)
DTYPES = {
    name: str(getattr(torch, name)).removeprefix("torch.")
    for name in "float16 float32 float64 float double uint8 int32 int64 int long bool".split()
} | {"na": "na", "error": "na"}
SHARES = {"true": True, "yes": True, "false": False, "no": False, "na": "na", "error": "na"}


@dataclass(frozen=True)
class Question:
    """One expression, over what its setup creates."""

    kind: str
    setup: str
    expression: str
    misread: dict[str, str] = field(default_factory=dict)
    """By the name of a misconception: the expression that it takes this one for."""

    def __str__(self) -> str:
        return "\n     ".join([*self.setup.splitlines(), f">>> {self.expression}"])

    def answer(self, misconception: str = "") -> dict[str, Any]:
        """Run the expression, or what the misconception takes it for, and look at the result.

        Returns shape, dtype and shares_memory as they stand in the answers file.
        """
        names: dict[str, Any] = {"torch": torch, "np": np}
        exec(self.setup, names)
        operands = [each for each in names.values() if isinstance(each, torch.Tensor | np.ndarray)]
        try:
            result = eval(self.misread.get(misconception, self.expression), names)
        except (RuntimeError, IndexError, ValueError, TypeError):
            return {"shape": "error", "dtype": "na", "shares_memory": "na"}
        shares = _memory(result) in [_memory(each) for each in operands]
        return {
            "shape": list(result.shape),
            "dtype": str(result.dtype).removeprefix("torch."),
            "shares_memory": shares if operands else "na",
        }

    @staticmethod
    def read(answer: Any) -> dict[str, Any]:
        """What a learner wrote, in the words of `answer`; None where a field is blank.

        Raises: ValueError with what is not legal.
        """
        if not isinstance(answer, dict) or set(answer) != {"shape", "dtype", "shares_memory"}:
            raise ValueError(
                "write {shape: [..], dtype: .., shares_memory: ..} with square brackets"
            )
        dtype, shares = (
            None if answer[name] is None else str(answer[name]).lower().removeprefix("torch.")
            for name in ("dtype", "shares_memory")
        )
        if dtype not in {None, *DTYPES}:
            raise ValueError(f"dtype is one of {', '.join(DTYPES)}")
        if shares not in {None, *SHARES}:
            raise ValueError("shares_memory is yes, no or na")
        shape = _shape(answer["shape"])
        return {"shape": shape, "dtype": DTYPES.get(dtype), "shares_memory": SHARES.get(shares)}

    @property
    def separates(self) -> bool:
        """Whether every misreading gives another answer."""
        return all(self.answer(name) != self.answer() for name in self.misread)


def _memory(array: torch.Tensor | np.ndarray) -> int:
    """Where the memory begins that an array looks at."""
    if isinstance(array, np.ndarray):
        return int(array.ctypes.data)
    return array.untyped_storage().data_ptr()


def _shape(value: Any) -> list[int] | str | None:
    """[3, 5], also where it is written as the text "(3, 5)"."""
    if isinstance(value, str) and re.fullmatch(r"[\[(][\d, ]*[\])]", value):
        value = [int(size) for size in re.findall(r"\d{1,9}", value)]
    if value in (None, "error") or (
        isinstance(value, list) and all(type(size) is int for size in value)
    ):
        return value
    raise ValueError("shape is a list of whole numbers such as [3, 5], or error")


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """24 questions, q01 to q24, each of another kind; no misconception passes them."""
    kinds = _choose(rng)
    order = [kinds[i] for i in rng.permutation(COUNT)]
    return {f"q{i:02}": _fill(kind, rng) for i, kind in enumerate(order, 1)}


def _choose(rng: np.random.Generator) -> list[str]:
    """Kinds of question: 3 for each misconception, then any others.

    The rarest misconceptions come first, since the others are then often served already.
    """
    names = sorted({name for each in TEMPLATES.values() for name in each.misread})
    misread = {name: {k for k, each in TEMPLATES.items() if name in each.misread} for name in names}
    while True:
        shuffled = [list(TEMPLATES)[i] for i in rng.permutation(len(TEMPLATES))]
        chosen: list[str] = []
        for kinds in sorted(misread.values(), key=len):
            missing = AFFECTED - len(kinds.intersection(chosen))
            fresh = [kind for kind in shuffled if kind in kinds and kind not in chosen]
            chosen += fresh[: max(0, missing)]
        rest = [kind for kind in shuffled if kind not in chosen]
        if len(chosen) <= COUNT:
            return [*chosen, *rest][:COUNT]


def _fill(kind: str, rng: np.random.Generator) -> Question:
    """Fill the holes of a template with distinct primes, until no misreading is right."""
    hollow = TEMPLATES[kind]
    while True:
        m, n, k, p = (int(size) for size in rng.choice(PRIMES, 4, replace=False))
        keep = [1, *(int(bit) for bit in rng.integers(0, 2, m - 2)), 0]
        holes = {"m": m, "n": n, "k": k, "p": p, "mk": m * k, "cut": m * (n - 1), "keep": keep}
        misread = {name: wrong.format(**holes) for name, wrong in hollow.misread.items()}
        setup, expression = hollow.setup.format(**holes), hollow.expression.format(**holes)
        question = Question(kind, setup, expression, misread)
        if question.separates:
            return question


def ask(setup: str, expression: str, **misread: str) -> Question:
    """A template: {m} {n} {k} {p} are sizes, {keep} is a list of m zeros and ones."""
    return Question("", setup, expression, misread)


def view(setup: str, expression: str, **misread: str) -> Question:
    """A template whose result looks at the memory of its operand."""
    return ask(setup, expression, views_copy=f"{expression}.clone()", **misread)


x = "x = torch.zeros({n})"
X = "X = torch.zeros({m}, {n})"
CUBE = "X = torch.zeros({m}, {n}, {k})"
INTEGERS = "i = torch.arange({m})"
LEAF = "X = torch.zeros({m}, {n}, requires_grad=True)"
SAME = "A = torch.zeros({m}, {n})\nB = torch.zeros({m}, {n})"
UNEQUAL = "A = torch.zeros({m}, {n})\nB = torch.zeros({k}, {n})"
STACK, CAT = "torch.stack([A, B])", "torch.cat([A, B])"
ROW = "A = torch.zeros({m}, {n})\nb = torch.zeros({n})"
COLUMN = "A = torch.zeros({m}, {n})\nb = torch.zeros({m})"
THREE = "A = torch.zeros({k}, {m}, {n})\n"
NUMPY = "a = np.zeros(({m}, {n}))"
# The last n columns of float64 memory read as float32: the same shape, and still the same memory.
NUMPY32 = "torch.from_numpy(a).view(torch.float32)[:, {n}:]"

TEMPLATES = {
    # Creation
    "arange": ask("", "torch.arange({m})"),
    "arange_float": ask("", "torch.arange({m}.0)"),
    "eye": ask("", "torch.eye({m}, {n})"),
    "sizes_as_data": ask("", "torch.tensor([{m}, {n}, {k}])"),
    "long_tensor": ask("", "torch.LongTensor([{m}, {n}])"),
    "float_tensor": ask("", "torch.FloatTensor({m}, {n})"),
    # Products
    "product": ask(X + "\nW = torch.zeros({n}, {k})", "X @ W"),
    "product_batch": ask("A = torch.zeros({p}, {m}, {n})\nB = torch.zeros({p}, {n}, {k})", "A @ B"),
    "product_one": ask("A = torch.zeros({p}, {m}, {n})\nW = torch.zeros({n}, {k})", "A @ W"),
    "product_t": ask(X + "\nW = torch.zeros({k}, {n})", "X @ W.T", transpose_ignored="X @ W"),
    # Reductions
    "mean": ask(X, "X.mean(dim=0)", dim_stays="X.mean(dim=1)"),
    "sum_two": ask(CUBE, "X.sum(dim=(0, 2))", dim_stays="X.sum(dim=1)"),
    "max_values": ask(X, "X.max(dim=1).values", dim_stays="X.max(dim=0).values"),
    "max_indices": ask(
        X,
        "X.max(dim=0).indices",
        dim_stays="X.max(dim=1).indices",
        dtype_kept="X.max(dim=0).values",
    ),
    "argmax": ask(X, "X.argmax(dim=1)", dim_stays="X.argmax(dim=0)", dtype_kept="X.amax(dim=1)"),
    "sum_keepdim": ask(
        X,
        "X.sum(dim=1, keepdim=True)",
        keepdim_ignored="X.sum(dim=1)",
        dim_stays="X.sum(dim=0, keepdim=True)",
    ),
    "amax_keepdim": ask(
        X,
        "X.amax(dim=0, keepdim=True)",
        keepdim_ignored="X.amax(dim=0)",
        dim_stays="X.amax(dim=1, keepdim=True)",
    ),
    "mean_keepdim": ask(CUBE, "X.mean(dim=-1, keepdim=True)", keepdim_ignored="X.mean(dim=-1)"),
    "argmax_keepdim": ask(
        X,
        "X.argmax(dim=1, keepdim=True)",
        keepdim_ignored="X.argmax(dim=1)",
        dim_stays="X.argmax(dim=0, keepdim=True)",
        dtype_kept="X.amax(dim=1, keepdim=True)",
    ),
    "centred": ask(X, "X - X.mean(dim=1, keepdim=True)", keepdim_ignored="X - X.mean(dim=1)"),
    # Axes in another order
    "t": view(X, "X.T", transpose_ignored="X"),
    "transpose": view(CUBE, "X.transpose(0, 2)", transpose_ignored="X"),
    "permute": view(CUBE, "X.permute(2, 0, 1)", transpose_ignored="X"),
    "reshape_t": ask(X, "X.T.reshape(-1)", transpose_ignored="X.reshape(-1)"),
    # Joining
    "cat": ask(UNEQUAL, CAT, cat_stack_swapped=STACK),
    "cat_columns": ask(
        SAME, "torch.cat([A, B], dim=1)", cat_stack_swapped="torch.stack([A, B], dim=1)"
    ),
    "stack": ask(SAME, STACK, cat_stack_swapped=CAT),
    "stack_last": ask(
        SAME, "torch.stack([A, B], dim=-1)", cat_stack_swapped="torch.cat([A, B], dim=-1)"
    ),
    "stack_unequal": ask(UNEQUAL, STACK, cat_stack_swapped=CAT),
    # view, where the numbers do not lie in order
    "view_t": ask(X, "X.T.view(-1)", view_always_works="X.view(-1)"),
    "view_transpose": ask(
        CUBE, "X.transpose(0, 1).view({n}, {mk})", view_always_works="X.view({n}, {mk})"
    ),
    "view_permute": ask(CUBE, "X.permute(1, 2, 0).view(-1)", view_always_works="X.view(-1)"),
    "view_columns": ask(X, "X[:, 1:].view(-1)", view_always_works="X.view(-1)[:{cut}]"),
    # Views and copies
    "slice_step": view(X, "X[::2]"),
    "slice_negative": view(X, "X[-2:, 1]"),
    "none_index": view(X, "X[:, None]"),
    "unsqueeze": view(X, "X.unsqueeze(-1)"),
    "squeeze": view("X = torch.zeros({m}, 1, {n})", "X.squeeze(1)"),
    "expand": view(x, "x.expand({m}, {n})"),
    "detach": view(LEAF, "X.detach()"),
    "repeat": ask(x, "x.repeat({m}, 2)"),
    "fancy": ask(X, "X[[0, 2, 2, 1]]"),
    "mask": ask(X + "\nkeep = torch.tensor({keep}).bool()", "X[keep]"),
    "mask_all": ask("X = torch.ones({m}, {n})", "X[X > 0]"),
    # Broadcasting
    "row": ask(ROW, "A + b", broadcast_from_left="A + b[:, None]"),
    "column": ask(COLUMN, "A + b", broadcast_from_left="A + b[:, None]"),
    "last_axes": ask(
        THREE + "B = torch.zeros({m}, 1)", "A * B", broadcast_from_left="A * B[:, :, None]"
    ),
    "first_axes": ask(
        THREE + "B = torch.zeros({k}, {m})", "A - B", broadcast_from_left="A - B[:, :, None]"
    ),
    "compare": ask(ROW, "A > b", broadcast_from_left="A > b[:, None]", dtype_kept="A + b"),
    # Kinds of number
    "division": ask(INTEGERS, "i / 2", dtype_kept="i // 2"),
    "plus_float": ask(INTEGERS, "i + 0.5", dtype_kept="i + 1"),
    "count": ask(x, "(x > 0).sum()", dtype_kept="(x > 0).any()"),
    "mean_of_integers": ask(INTEGERS, "i.mean()"),
    # NumPy
    "from_numpy": ask(
        NUMPY,
        "torch.from_numpy(a)",
        from_numpy_copies="torch.tensor(a)",
        numpy_is_float32=NUMPY32,
    ),
    "as_tensor": ask(
        NUMPY,
        "torch.as_tensor(a)",
        from_numpy_copies="torch.tensor(a)",
        numpy_is_float32=NUMPY32,
    ),
    "from_numpy_t": view(
        NUMPY,
        "torch.from_numpy(a).T",
        transpose_ignored="torch.from_numpy(a)",
        from_numpy_copies="torch.tensor(a).T",
        numpy_is_float32=NUMPY32 + ".T",
    ),
    "from_numpy_slice": view(
        NUMPY,
        "torch.from_numpy(a)[1:]",
        from_numpy_copies="torch.tensor(a)[1:]",
        numpy_is_float32=NUMPY32 + "[1:]",
    ),
    "to_numpy": ask(X, "X.numpy()", from_numpy_copies="X.numpy().copy()"),
    "leaf_to_numpy": ask(LEAF, "X.numpy()"),
    "tensor_of_numpy": ask(NUMPY, "torch.tensor(a)", numpy_is_float32="torch.tensor(a).float()"),
    "promotion": ask(
        x + "\n" + NUMPY,
        "x + torch.from_numpy(a)",
        numpy_is_float32="x + torch.from_numpy(a).float()",
        broadcast_from_left="x[:, None] + torch.from_numpy(a)",
    ),
}
