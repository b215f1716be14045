"""The memory of a simulated device: what the tensors of a program hold, counted in bytes.

Theory of operation. A dispatch mode sees every operation, forward and backward. The storage of
each tensor that comes out, if it was not seen yet, is counted, rounded up to 512 bytes as the
allocator of a GPU rounds, until the storage is freed. What does not fit raises torch's own
OutOfMemoryError. The same program gives the same numbers every time, on every machine.

What it is not: there is no fragmentation, no kernel has a workspace, and tensors that no operation
has touched yet count for nothing, such as data that lie on the host. It runs beside the code that
it measures, so it is a rule of the game; the wall is the box, which limits real memory.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

MIB = 1 << 20
BLOCK = 512


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what tensors hold while it is entered, and refuses more than the device has.

    Args: capacity_mb, of the device; nothing is refused where it is None.
    """

    def __init__(self, capacity_mb: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.capacity = None if capacity_mb is None else round(capacity_mb * MIB)
        self.live = self.peak = self.operations = self.refusals = 0
        self._sizes: dict[int, int] = {}
        self._alive: dict[int, weakref.ref[Any]] = {}

    def __enter__(self) -> Meter:
        gc.collect()  # so that cycles are found at the same operations in every run
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def reading(self) -> dict[str, int]:
        """Bytes now and at most, operations seen, allocations refused."""
        return {
            "live": self.live,
            "peak": self.peak,
            "operations": self.operations,
            "refusals": self.refusals,
        }

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        out = operation(*args, **(kwargs or {}))
        self.operations += 1
        for each in out if isinstance(out, tuple | list) else (out,):
            if isinstance(each, torch.Tensor) and each.device.type == "cpu":
                self._count(each, operation)
        return out

    def _count(self, tensor: torch.Tensor, operation: Any) -> None:
        try:
            storage = tensor.untyped_storage()
        except NotImplementedError:  # a sparse tensor's parts are seen one by one
            return
        key: int = storage._cdata
        size = -(-storage.nbytes() // BLOCK) * BLOCK
        more = size - self._sizes.get(key, 0)
        if not more:
            return
        if self.capacity is not None and self.live + more > self.capacity:
            self.refusals += 1
            raise torch.OutOfMemoryError(self._sentence(more, operation))
        if key not in self._alive:
            self._alive[key] = weakref.ref(storage, lambda _: self._free(key))
        self._sizes[key] = size
        self.live += more
        self.peak = max(self.peak, self.live)

    def _free(self, key: int) -> None:
        del self._alive[key]
        self.live -= self._sizes.pop(key)

    def _sentence(self, more: int, operation: Any) -> str:
        total = self.capacity or 0
        tried, whole, free, used = (
            f"{each / MIB:.2f} MiB" for each in (more, total, total - self.live, self.live)
        )
        return (
            f"out of memory on the simulated device. Tried to allocate {tried}. The device has a"
            f" total capacity of {whole} of which {free} is free; {used} is in use by the tensors"
            f" of this program. Raised in {operation}."
        )
