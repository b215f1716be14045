"""What the kernel tells of the processes below this one, and of this machine's memory."""

from __future__ import annotations

import contextlib
import ctypes
import os

MADV_COLLAPSE = 25


def descendants() -> list[int]:
    """Process numbers of everything below this process."""
    if os.getpid() == 1:
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        pid = queue.pop()
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                below = [int(each) for each in children.read().split()]
        except OSError:
            below = []
        found += below
        queue += below
    return found


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and of those that it waited for."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            ticks = stat.read().rpartition(")")[2].split()[11:15]
    except OSError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def memory_mb(pids: list[int]) -> float:
    """Memory in use; several processes share pages, so those are counted by their share."""
    return sum(_most(f"/proc/{pid}/task", shared=len(pids) > 1) for pid in pids)


def _most(tasks: str, shared: bool) -> float:
    """By the first thread that shows memory: one that has ended shows none, even the leader."""
    used = 0.0
    with contextlib.suppress(OSError):
        for thread in os.listdir(tasks):
            with contextlib.suppress(OSError):
                used = used or _used_mb(f"{tasks}/{thread}", shared)
    return used


def _used_mb(task: str, shared: bool) -> float:
    """Resident, swapped out and page tables, of which there may be 1 GB with nothing resident."""
    share, names = 0.0, ["VmRSS:", "VmSwap:", "VmPTE:"]
    if shared:
        with contextlib.suppress(PermissionError):  # it made itself unreadable
            share, names = _mb(f"{task}/smaps_rollup", "Pss:", "SwapPss:"), ["VmPTE:"]
    return share + _mb(f"{task}/status", *names)


def _mb(path: str, *names: str) -> float:
    with open(path) as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(names)) / 1024


def out_of_memory_kills() -> int:
    """How often this machine's kernel has killed for want of memory since it started."""
    try:
        with open("/proc/vmstat") as counts:
            return sum(int(line.split()[1]) for line in counts if line.startswith("oom_kill "))
    except OSError:
        return 0


def use_huge_pages() -> None:
    """Put our memory on huge pages: of each, a fork copies one entry in place of 512.

    Linux has it since 6.1; elsewhere nothing changes.
    """
    with contextlib.suppress(OSError), open("/proc/self/maps") as maps:
        libc = ctypes.CDLL(None)
        for line in maps:
            if " rw-p 00000000 00:00 0" in line:
                start, end = (int(each, 16) for each in line.split()[0].split("-"))
                size = ctypes.c_size_t(end - start)
                libc.madvise(ctypes.c_void_p(start), size, MADV_COLLAPSE)
