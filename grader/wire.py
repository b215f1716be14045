"""Frames between the grader and the box: a small header, then raw tensor bytes.

    frame   = u32 header length | u64 body length | header | body      (little endian)
    header  = msgpack of a tree; tensors and arrays appear in it as (kind, dtype, shape, order)
    body    = the tensors' bytes, contiguous, in the order of their appearance

Nothing here unpickles, evaluates or imports what it received. `receive` and `decode` raise
only WireError, whatever arrives, and allocate no more than MAX_HEADER + MAX_BODY bytes.
Both sides of the box import this module and nothing else of ours.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Callable
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
    """Type name, for messages."""


@dataclass(frozen=True)
class Callback:
    """A function of the grader's, known inside the box by its number only."""

    id: int


@dataclass(frozen=True)
class Seeded:
    """A torch.Generator, sent as its initial seed."""

    seed: int


def encode(value: Any, body: list[Any], opaque: Callable[[Any], Any] | None = None) -> Any:
    """Turn a value into a msgpack tree; the bytes of tensors are appended to `body`.

    `opaque` may turn anything else into a Handle or Callback.
    Raises: WireError for what is no value, too deep, or holds no bytes (meta, sparse, quantised).
    """
    return _encode(value, body, opaque, 0)


def _encode(value: Any, body: list[Any], opaque: Callable[[Any], Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"a value nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is str:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else ("i", str(value))
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value, body)
    if isinstance(value, np.ndarray):
        return _encode_array(value, body)
    if isinstance(value, np.generic):
        return _encode(value.item(), body, opaque, depth + 1)
    if isinstance(value, tuple | list):
        mark = "t" if isinstance(value, tuple) else "l"
        return (mark, *[_encode(each, body, opaque, depth + 1) for each in value])
    if isinstance(value, dict):
        items = [_encode(each, body, opaque, depth + 1) for pair in value.items() for each in pair]
        return ("d", *items)
    return _encode_rest(value, body, opaque, depth)


def _encode_rest(
    value: Any, body: list[Any], opaque: Callable[[Any], Any] | None, depth: int
) -> Any:
    if isinstance(value, Handle):
        return ("h", value.id, value.kind, value.name[:MAX_NAME])
    if isinstance(value, Callback):
        return ("c", value.id)
    if isinstance(value, Seeded):
        return ("g", value.seed)
    if isinstance(value, torch.dtype):
        return ("y", str(value).removeprefix("torch."))
    if isinstance(value, bool | int | float | str):  # subclasses: enums, np.str_
        return _encode(
            next(t for t in (bool, int, float, str) if isinstance(value, t))(value),
            body,
            opaque,
            depth,
        )
    if isinstance(value, bytes):
        raise WireError(
            "bytes are no answer; return a tensor, a number, a string or a container of them"
        )
    if opaque is not None:
        return _encode(opaque(value), body, None, depth + 1)
    raise WireError(f"a value of type {type(value).__name__} cannot leave the box")


def _encode_tensor(value: torch.Tensor, body: list[Any]) -> tuple[Any, ...]:
    with torch._C.DisableTorchFunctionSubclass():
        if value.is_meta:
            raise WireError("a tensor on the meta device holds no values")
        if value.layout is not torch.strided or value.is_quantized:
            raise WireError("a sparse or quantised tensor; return a dense one")
        name = str(value.dtype).removeprefix("torch.")
        if name not in DTYPES:
            raise WireError(f"a tensor of dtype {name}, which no exercise uses")
        if value.dim() > MAX_RANK or value.numel() * value.itemsize > MAX_BODY:
            raise WireError(
                f"a tensor of shape {tuple(value.shape)}, which is too large to compare"
            )
        plain = value.detach().as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg()
        order = _order(plain)
        flat = plain.permute(order).contiguous().reshape(-1).view(torch.uint8)
        body.append(flat.numpy().data if flat.numel() else b"")
        return ("T", name, list(value.shape), order)


def _order(tensor: torch.Tensor) -> list[int]:
    """The axes from the outermost in memory to the innermost: a transposed view stays one."""
    order = sorted(range(tensor.dim()), key=lambda axis: (-tensor.stride()[axis], axis))
    return order if tensor.permute(order).is_contiguous() else list(range(tensor.dim()))


def _encode_array(value: np.ndarray, body: list[Any]) -> tuple[Any, ...]:
    name = value.dtype.name
    if name not in DTYPES or name == "bfloat16" or value.ndim > MAX_RANK or value.nbytes > MAX_BODY:
        raise WireError(f"an array of dtype {name} and shape {value.shape}, which is no answer")
    plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
    body.append(plain.reshape(-1).view(np.uint8).data if plain.size else b"")
    return ("a", name, list(value.shape), list(range(value.ndim)))


def decode(tree: Any, body: memoryview, resolve: Callable[[Any], Any] | None = None) -> Any:
    """Turn a msgpack tree and its body back into values; `resolve` maps references.

    Raises: WireError unless every byte of the body belongs to exactly one tensor.
    """
    try:
        value, used = _decode(tree, body, 0, resolve, 0)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RuntimeError, OverflowError) as error:
        raise WireError(f"not a value: {type(error).__name__}") from None
    if used != len(body):
        raise WireError("bytes that belong to no tensor")
    return value


def _decode(
    tree: Any, body: memoryview, used: int, resolve: Callable[[Any], Any] | None, depth: int
) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise WireError(f"a value nested more than {MAX_DEPTH} deep")
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree, used
    if not isinstance(tree, list) or not tree:
        raise WireError("a node that is no value")
    mark = tree[0]
    if mark in ("T", "a"):
        return _decode_tensor(mark, tree, body, used)
    if mark in ("t", "l", "d"):
        items = []
        for each in tree[1:]:
            item, used = _decode(each, body, used, resolve, depth + 1)
            items.append(item)
        return _container(mark, items), used
    leaf = _leaf(mark, tree[1:])
    referring = resolve and isinstance(leaf, Handle | Callback | Seeded)
    return (resolve(leaf) if resolve and referring else leaf), used


def _container(mark: str, items: list[Any]) -> Any:
    if mark == "d":
        if len(items) % 2:
            raise WireError("a dictionary with a key and no value")
        return dict(zip(items[::2], items[1::2], strict=True))
    return tuple(items) if mark == "t" else items


def _leaf(mark: Any, rest: list[Any]) -> Any:
    if mark == "i":
        (digits,) = rest
        if not isinstance(digits, str) or len(digits) > 1000:
            raise WireError("an integer that is not one")
        return int(digits)
    if mark == "y":
        (name,) = rest
        return DTYPES[name]
    expected = {"h": (int, str, str), "c": (int,), "g": (int,)}[mark]
    too_long = any(isinstance(each, str) and len(each) > MAX_NAME for each in rest)
    if too_long or tuple(type(each) for each in rest) != expected:
        raise WireError("a reference that is not one")
    return {"h": Handle, "c": Callback, "g": Seeded}[mark](*rest)


def _decode_tensor(mark: str, tree: list[Any], body: memoryview, used: int) -> tuple[Any, int]:
    _, name, shape, order = tree
    dtype = DTYPES[name]
    if not isinstance(shape, list) or len(shape) > MAX_RANK:
        raise WireError("a shape that is not one")
    if any(type(side) is not int or side < 0 or side > MAX_BODY for side in shape):
        raise WireError("a shape that is not one")
    if not isinstance(order, list) or sorted(order) != list(range(len(shape))):
        raise WireError("an order of axes that is not one")
    size = math.prod(shape) * dtype.itemsize
    if size > len(body) - used:
        raise WireError("a tensor longer than its bytes")
    chunk = body[used : used + size]
    flat = torch.frombuffer(chunk, dtype=torch.uint8) if size else torch.empty(0, dtype=torch.uint8)
    if dtype is torch.bool:
        flat = flat != 0  # a hostile byte 2 would be neither true nor false
    elif used % dtype.itemsize:
        flat = flat.clone()  # a view needs aligned memory
    tensor = flat.view(dtype).reshape([shape[axis] for axis in order])
    tensor = tensor.permute([order.index(axis) for axis in range(len(shape))])
    return (tensor if mark == "T" else tensor.numpy()), used + size


def send(sock: socket.socket, tree: Any, body: list[Any], deadline: float | None = None) -> None:
    """Write one frame. Raises: WireError if it is too large, TimeoutError, OSError."""
    header = msgpack.packb(tree, use_bin_type=True)
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
