"""Frames between the grader and the box: a small header, then raw tensor bytes.

    frame   = u32 header length | u64 body length | header | body      (little endian)
    header  = msgpack of a tree; tensors and arrays appear in it as (kind, dtype, shape, order)
    body    = the tensors' bytes, contiguous, in the order of their appearance

Nothing here unpickles, evaluates or imports what it received. `receive` and `decode` raise
only WireError, whatever arrives. They read no more than MAX_HEADER + MAX_BODY bytes; a header
makes objects of 100 times its size at most, and a body is copied at most once.
Both sides of the box import this module and nothing else of ours.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
import torch

MAX_HEADER = 1 << 22
MAX_BODY = 1 << 30
MAX_RANK = 8
MAX_DEPTH = 32
MAX_NAME = 80
MAX_DIGITS = 1000
MAX_KEYS = 1 << 14
PLAIN = (bool, int, float, str)
PREFIX = struct.Struct("<IQ")

DTYPES = {
    name: getattr(torch, name)
    for name in "float16 bfloat16 float32 float64 uint8 int8 int16 int32 int64 bool".split()
}


class WireError(Exception):
    """The peer sent bytes that are not a frame, or a value cannot cross the wire."""


@dataclass(frozen=True)
class Handle:
    """Something that stays in the box, known outside by its number only."""

    id: int
    kind: str
    """module, function, class, iterator or object."""
    name: str
    """Type name, for messages; MAX_NAME characters."""


@dataclass(frozen=True)
class Callback:
    """A function of the grader's, known inside the box by its number only."""

    id: int


@dataclass(frozen=True)
class Seeded:
    """A torch.Generator, sent as its initial seed."""

    seed: int


REFERENCES: dict[Any, str] = {Handle: "h", Callback: "c", Seeded: "g"}


def encode(value: Any, body: list[Any], opaque: Callable[[Any], Any] | None = None) -> Any:
    """Turn a value into a msgpack tree; the bytes of tensors are appended to `body`.

    `opaque` may turn anything else into a Handle, Callback or Seeded.
    Raises: WireError for what is no value, or one that `decode` would refuse; it says why.
    """
    return _Encoder(body, opaque).node(value, 0)


class _Encoder:
    def __init__(self, body: list[Any], opaque: Callable[[Any], Any] | None) -> None:
        self.body, self.opaque, self.keys = body, opaque, 0

    def node(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError(f"a value nested more than {MAX_DEPTH} deep")
        if value is None or type(value) in (bool, float, str):
            return value
        if type(value) is int:
            return _encode_integer(value)
        if isinstance(value, torch.Tensor):
            return _encode_tensor(value, self.body)
        if isinstance(value, np.ndarray):
            return _encode_array(value, self.body)
        if isinstance(value, np.generic):
            return self.node(value.item(), depth + 1)
        if isinstance(value, tuple | list):
            mark = "t" if isinstance(value, tuple) else "l"
            return (mark, *[self.node(each, depth + 1) for each in value])
        if isinstance(value, dict):
            items = [self.node(each, depth + 1) for pair in value.items() for each in pair]
            self.keys += sum(map(_weight, value))
            if self.keys > MAX_KEYS:
                raise WireError(f"over {MAX_KEYS:,} keys that are no text; return a list of pairs")
            return ("d", *items)
        return self._rest(value, depth)

    def _rest(self, value: Any, depth: int) -> Any:
        if type(value) in REFERENCES:
            return (REFERENCES[type(value)], *vars(value).values())
        if isinstance(value, torch.dtype):
            return ("y", _dtype_name(value))
        for plain in PLAIN:  # subclasses: enums, np.str_
            if isinstance(value, plain):
                return self.node(plain(value), depth)
        if self.opaque is not None and not isinstance(value, bytes):
            return self.node(self.opaque(value), depth + 1)
        raise WireError(f"{type(value).__name__} is no answer; return a tensor, number or text")


def _weight(key: Any, of_text: int = 0) -> int:
    """Values that a key is made of; text alone is none.

    Only the hash of text is salted: n other keys can be chosen to collide, for n * n steps.
    """
    if isinstance(key, tuple):
        return 1 + sum(_weight(each, 1) for each in key)
    return of_text if isinstance(key, str) else 1


def _encode_integer(value: int) -> Any:
    if -(2**63) <= value < 2**63:
        return value
    if abs(value) >= 10**MAX_DIGITS:
        raise WireError(f"an integer of more than {MAX_DIGITS:,} digits")
    return ("i", str(value))


def _dtype_name(dtype: torch.dtype) -> str:
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise WireError(f"dtype {name}, which no exercise uses")
    return name


def _room(shape: Iterable[int], itemsize: int) -> int:
    """Bytes of a tensor. An empty side counts as 1: a sum over it would take that much."""
    return math.prod(max(side, 1) for side in shape) * itemsize


def _encode_tensor(value: torch.Tensor, body: list[Any]) -> tuple[Any, ...]:
    with torch._C.DisableTorchFunctionSubclass():
        if value.is_meta:
            raise WireError("a tensor on the meta device holds no values")
        if value.layout is not torch.strided or value.is_quantized:
            raise WireError("a sparse or quantised tensor; return a dense one")
        name = _dtype_name(value.dtype)
        if value.dim() > MAX_RANK or _room(value.shape, value.itemsize) > MAX_BODY:
            raise WireError(f"a tensor of shape {tuple(value.shape)}, which is too large")
        plain = value.detach().as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg()
        order = memory_order(plain)
        whole = plain.permute(order).contiguous()  # which one expanded number is, with stride 0
        flat = whole.as_strided((whole.numel(),), (1,)).view(torch.uint8)
        body.append(flat.numpy().data if flat.numel() else b"")
        return ("T", name, list(value.shape), order)


def memory_order(tensor: torch.Tensor) -> list[int]:
    """The axes from the outermost in memory to the innermost: a transposed view stays one."""
    order = sorted(range(tensor.dim()), key=lambda axis: (-tensor.stride()[axis], axis))
    return order if tensor.permute(order).is_contiguous() else list(range(tensor.dim()))


def _encode_array(value: np.ndarray, body: list[Any]) -> tuple[Any, ...]:
    name = value.dtype.name
    too_large = value.ndim > MAX_RANK or _room(value.shape, value.itemsize) > MAX_BODY
    if name not in DTYPES or name == "bfloat16" or too_large:
        raise WireError(f"an array of dtype {name} and shape {value.shape}, which is no answer")
    plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
    body.append(plain.reshape(-1).view(np.uint8).data if plain.size else b"")
    return ("a", name, list(value.shape), list(range(value.ndim)))


def decode(tree: Any, body: memoryview, resolve: Callable[[Any], Any] | None = None) -> Any:
    """Turn a msgpack tree and its body back into values; `resolve` maps references.

    Raises: WireError unless every byte of the body belongs to exactly one tensor.
    """
    decoder = _Decoder(body, resolve)
    try:
        value = decoder.value(tree, 0)
    except (LookupError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
        raise WireError(f"not a value: {type(error).__name__}") from None
    if decoder.used != len(body):
        raise WireError("bytes that belong to no tensor")
    return value


class _Decoder:
    def __init__(self, body: memoryview, resolve: Callable[[Any], Any] | None) -> None:
        self.body, self.resolve, self.used, self.keys = body, resolve, 0, 0

    def value(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError(f"a value nested more than {MAX_DEPTH} deep")
        if tree is None or isinstance(tree, PLAIN):
            return tree
        if not isinstance(tree, list) or not tree:
            raise WireError("a node that is no value")
        mark = tree[0]
        if mark in ("T", "a"):
            return self._tensor(*tree)
        if mark in ("t", "l", "d"):
            return self._container(mark, [self.value(each, depth + 1) for each in tree[1:]])
        leaf = _leaf(mark, tree[1:])
        return self.resolve(leaf) if self.resolve and type(leaf) in REFERENCES else leaf

    def _container(self, mark: str, items: list[Any]) -> Any:
        if mark != "d":
            return tuple(items) if mark == "t" else items
        self.keys += sum(map(_weight, items[::2]))
        if self.keys > MAX_KEYS:
            raise WireError("too many keys that are no text")
        return dict(zip(items[::2], items[1::2], strict=True))

    def _tensor(self, mark: str, name: str, shape: Any, order: Any) -> Any:
        dtype, used = DTYPES[name], self.used
        sides = isinstance(shape, list) and all(type(side) is int and side >= 0 for side in shape)
        if not sides or len(shape) > MAX_RANK or _room(shape, dtype.itemsize) > MAX_BODY:
            raise WireError("a shape that is not one")
        if not isinstance(order, list) or sorted(order) != list(range(len(shape))):
            raise WireError("an order of axes that is not one")
        size = math.prod(shape) * dtype.itemsize
        if size > len(self.body) - used:
            raise WireError("a tensor longer than its bytes")
        self.used += size
        chunk = self.body[used : self.used]
        flat = (
            torch.frombuffer(chunk, dtype=torch.uint8)
            if size
            else torch.empty(0, dtype=torch.uint8)
        )
        if dtype is torch.bool:
            flat = flat != 0  # a hostile byte 2 would be neither true nor false
        elif used % dtype.itemsize:
            flat = flat.clone()  # a view needs aligned memory
        tensor = flat.view(dtype).reshape([shape[axis] for axis in order])
        tensor = tensor.permute([order.index(axis) for axis in range(len(shape))])
        return tensor if mark == "T" else tensor.numpy()


def _leaf(mark: Any, rest: list[Any]) -> Any:
    if mark == "i":
        (digits,) = rest
        if not isinstance(digits, str) or len(digits) > MAX_DIGITS + 1:  # a sign
            raise WireError("an integer that is not one")
        return int(digits)
    if mark == "y":
        (name,) = rest
        return DTYPES[name]
    expected = {"h": (int, str, str), "c": (int,), "g": (int,)}[mark]
    too_long = any(isinstance(each, str) and len(each) > MAX_NAME for each in rest)
    if too_long or tuple(type(each) for each in rest) != expected:
        raise WireError("a reference that is not one")
    return {mark: kind for kind, mark in REFERENCES.items()}[mark](*rest)


def send(sock: socket.socket, tree: Any, body: list[Any], deadline: float | None = None) -> None:
    """Write one frame. Raises: WireError if it is too large or no UTF-8, TimeoutError, OSError."""
    try:
        header = msgpack.packb(tree, use_bin_type=True)
    except UnicodeEncodeError:
        raise WireError("text with a lone surrogate, which is no character") from None
    size = sum(len(part) for part in body)
    if len(header) > MAX_HEADER or size > MAX_BODY:
        raise WireError(f"a message of {len(header) + size:,} bytes, which is over the limit")
    prefix = PREFIX.pack(len(header), size) + header
    if size <= 1 << 16:
        prefix, body = prefix + b"".join(body), []
    for part in (prefix, *body):
        _set_timeout(sock, deadline)
        sock.sendall(part)


def receive(sock: socket.socket, deadline: float | None = None) -> tuple[Any, memoryview]:
    """Read one frame: the msgpack tree and the body's bytes.

    Args: deadline in seconds of time.monotonic(); it holds for the frame, however it trickles in.
    Raises: WireError whatever the peer sent; TimeoutError at the deadline; OSError.
    """
    header_size, body_size = PREFIX.unpack(_exactly(sock, PREFIX.size, deadline))
    if header_size > MAX_HEADER or body_size > MAX_BODY:
        raise WireError(f"a message of {header_size + body_size:,} bytes, which is over the limit")
    header = _exactly(sock, header_size, deadline)
    body = memoryview(_exactly(sock, body_size, deadline))
    try:
        tree = msgpack.unpackb(
            header, raw=False, strict_map_key=True, max_ext_len=0, max_bin_len=0, max_map_len=0
        )
    except Exception as error:  # msgpack raises a dozen types, ValueError and StackError among them
        raise WireError(f"not a message: {type(error).__name__}") from None
    return tree, body


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytearray:
    """Read `size` bytes, growing with what really arrives: a claim of 1 GB alone costs nothing."""
    data = bytearray(min(size, 1 << 20))
    filled = 0
    while filled < size:
        if filled == len(data):
            data.extend(bytes(min(size - filled, filled)))
        _set_timeout(sock, deadline)
        with memoryview(data) as view:
            count = sock.recv_into(view[filled:])
        if not count:
            raise WireError("the other side closed the connection")
        filled += count
    return data


def _set_timeout(sock: socket.socket, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
