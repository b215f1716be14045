"""Hostile frames, drawn from a seed: `python tests/fuzz_wire.py CASES [SEED]`.

A case is a good frame after one to three changes: to its bytes (flipped, cut, spliced, claimed
lengths), or to its msgpack tree before it is packed (other types, sides, marks, keys, depth).
`wire.receive` and `wire.decode` may give a value, or raise WireError, or TimeoutError where the
other side falls silent. Anything else is printed with its bytes, and the exit code is 1.
"""

from __future__ import annotations

import ast
import inspect
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgpack
import numpy as np
import torch

from grader import wire

HANDLE = wire.Handle(7, "module", "GPT")
GOLDEN = (
    {"ok": True, "value": torch.arange(6.0).reshape(2, 3).t()},
    {"ok": True, "value": [torch.tensor([True, False]), torch.ones(3, dtype=torch.float64)]},
    {"ok": True, "value": np.arange(4, dtype=np.int16), "kept": ((1, torch.zeros(0, 2)), {"x": 2})},
    {"ok": False, "type": "ValueError", "message": "not ünïcode ⊥", "line": 3, "memory": False},
    {"callback": 0, "args": (HANDLE, 2**70, -1.5), "kwargs": {"n": None}},
    {1: torch.bfloat16, (-1, -2): [], None: {}, float("nan"): wire.Seeded(3)},
    [wire.Callback(2), "x" * 40, -(2**63), [[[[(), []]]]]],
    torch.tensor(2, dtype=torch.int8),
)
SCALARS = (
    *(None, True, False, 0, 1, -1, 2, 8, 255, 2**30, 2**31, 2**32, 2**62, 2**63, 2**64 - 1),
    *(-(2**63), 0.0, -0.0, 1.0, float("nan"), float("inf"), 1e308, "", "x", "9" * 1000, "9" * 1002),
    *("-" + "9" * 1000, "¹", "１２", "float32", "bool", "bfloat16", "int64", "object", "T", "h"),
    *("n" * 81, "ok", "value", "\x00", b"", b"bytes", msgpack.ExtType(1, b""), {}, {"a": 1}, []),
)
MARKS = ("T", "a", "t", "l", "d", "i", "y", "h", "c", "g", "z")
LENGTHS = (0, 1, 11, 12, 255, 2**16, 2**22, 2**22 + 1, 2**30, 2**30 + 1, 2**31, 2**63, 2**64 - 1)


class Case(NamedTuple):
    """What arrives, in which pieces, and whether the other side is silent then or leaves."""

    data: bytes
    piece: int
    silent: bool


class Tape:
    """The methods of a socket that `receive` uses, over bytes in memory."""

    def __init__(self, case: Case) -> None:
        self.case, self.at = case, 0

    def recv_into(self, view: memoryview) -> int:
        chunk = self.case.data[self.at : self.at + min(len(view), self.case.piece)]
        if not chunk and self.case.silent:
            raise TimeoutError
        view[: len(chunk)] = chunk
        self.at += len(chunk)
        return len(chunk)


def cases(seed: int) -> Iterator[Case]:
    """Cases without end, the same ones for the same seed."""
    draw = random.Random(seed)
    golden = [_packed(value) for value in GOLDEN]
    while True:
        header, body = draw.choice(golden)
        claimed = None
        for _ in range(draw.randint(1, 3)):
            way = draw.random()
            if way < 0.5:
                header = _changed_tree(draw, header)
            elif way < 0.7:
                header = _changed_bytes(draw, header, draw.choice(golden)[0])
            elif way < 0.85:
                body = _changed_bytes(draw, body, draw.choice(golden)[1])
            elif way < 0.9:
                claimed = draw.choice(LENGTHS)
        lengths = [len(header) & 0xFFFFFFFF, len(body)]
        if claimed is not None:
            place = draw.randrange(2)
            lengths[place] = claimed & (0xFFFFFFFF if place == 0 else 2**64 - 1)
        data = wire.PREFIX.pack(*lengths) + header + body
        if draw.random() < 0.05:
            data = data[: draw.randrange(len(data) + 1)]
        piece = draw.choice((1 << 20, 1 << 20, 1 << 20, 7))
        yield Case(data, piece, draw.random() < 0.5)


def _packed(value: Any) -> tuple[bytes, bytes]:
    body: list[Any] = []
    header = msgpack.packb(wire.encode(value, body))
    return header, b"".join(body)


def _changed_bytes(draw: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    at = draw.randrange(len(data) + 1)
    match draw.randrange(6):
        case 0 if at < len(data):
            changed[at] ^= 1 << draw.randrange(8)
        case 1 if at < len(data):
            changed[at] = draw.choice((0, 0x7F, 0x80, 0x90, 0xC1, 0xC4, 0xC7, 0xDC, 0xDD, 0xFF))
        case 2:
            del changed[at : at + draw.randint(1, 9)]
        case 3:
            changed[at:at] = draw.randbytes(draw.randint(1, 9))
        case 4:
            changed[at:] = other[draw.randrange(len(other) + 1) :]
        case _:
            changed[at:at] = b"\xed\xa0\x80\x91"  # a lone surrogate; an array of one
    return bytes(changed)


def _changed_tree(draw: random.Random, header: bytes) -> bytes:
    """One node of the tree becomes another one."""
    try:
        tree = msgpack.unpackb(header, strict_map_key=False)
        places = list(_places(tree))
        if not places:
            return msgpack.packb(_node(draw, tree))
        parent, key = draw.choice(places)
        _change(draw, parent, key)
        return msgpack.packb(tree)
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException):
        return header  # an earlier change left no tree


def _places(tree: Any) -> Iterator[tuple[list[Any], int]]:
    if isinstance(tree, list):
        for key, each in enumerate(tree):
            yield tree, key
            yield from _places(each)


def _change(draw: random.Random, parent: list[Any], key: int) -> None:
    match draw.randrange(8):
        case 0:
            parent[key] = draw.choice(MARKS)
        case 1:
            del parent[key]
        case 2:
            parent.insert(key, parent[draw.randrange(len(parent))])
        case 3:
            parent[key] = _node(draw, parent[key])
        case 4:
            draw.shuffle(parent)
        case _:
            parent[key] = draw.choice(SCALARS)


def _node(draw: random.Random, inner: Any) -> Any:
    match draw.randrange(6):
        case 0:
            for _ in range(draw.choice((1, 2, 29, 30, 31, 32, 33, 40, 600))):
                inner = [draw.choice("tld"), inner]
            return inner
        case 1:
            shape = [draw.choice(SCALARS[3:15]) for _ in range(draw.randrange(10))]
            order = draw.sample(range(len(shape)), len(shape))
            return [draw.choice("Ta"), draw.choice([*wire.DTYPES]), shape, order]
        case 2:
            return ["d", inner, 1, inner, 2]
        case 3:  # keys that collide: multiples of the modulus of Python's hash of numbers
            count = 17_000 if draw.random() < 0.01 else 3
            return ["d", *[x for k in range(count) for x in (["i", str(k * (2**61 - 1))], k)]]
        case 4:
            return [draw.choice(MARKS), *[draw.choice(SCALARS) for _ in range(draw.randrange(5))]]
        case _:
            return ["T", "uint8", [0, draw.choice(SCALARS[3:15])], [0, 1]]


def outcome(case: Case) -> str:
    """`value`, `silent`, or the message of the WireError without its numbers; the rest escapes."""
    try:
        tree, body = wire.receive(Tape(case))  # type: ignore[arg-type]
        wire.decode(tree, body)
    except wire.WireError as error:
        return re.sub(r"\d[\d,]*", "N", str(error))
    except TimeoutError:
        return "silent"
    return "value"


def messages() -> list[str]:
    """Patterns of all that `receive` and `decode` say, read from their source."""
    readers = (wire.receive, wire._exactly, wire.decode, wire._Decoder, wire._leaf)
    found = []
    for reader in readers:
        for node in ast.walk(ast.parse(inspect.getsource(reader))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "WireError":
                text = node.args[0]
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                found.append(
                    "".join(
                        re.escape(part.value) if isinstance(part, ast.Constant) else ".+"
                        for part in parts
                    )
                )
    return found


def main() -> None:
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seen: Counter[str] = Counter()
    slowest, escaped = (0.0, b""), 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    for _, case in zip(range(count), cases(seed), strict=False):
        start = time.process_time()
        try:
            seen[outcome(case)] += 1
        except BaseException as error:
            escaped += 1
            print(f"ESCAPED {type(error).__name__}: {error}\n  {case}", flush=True)
            if isinstance(error, KeyboardInterrupt):
                break
        took = time.process_time() - start
        slowest = max(slowest, (took, case.data))
    seconds = time.process_time() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for message, times in seen.most_common():
        print(f"{times:>10,}  {message}")
    print(
        f"seed {seed}: {sum(seen.values()):,} cases, {seconds:.1f} CPU s, "
        f"{count / seconds:,.0f} per s, peak {after / 1024:.0f} MB "
        f"(+{(after - before) / 1024:.1f}), slowest {slowest[0] * 1e3:.1f} ms "
        f"({len(slowest[1]):,} bytes: {slowest[1][:40].hex()}), escaped {escaped}"
    )
    sys.exit(escaped > 0)


if __name__ == "__main__":
    main()
