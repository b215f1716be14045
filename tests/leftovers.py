"""What a box, or a grader that was killed, may have left behind."""

from __future__ import annotations

import os
import select
from pathlib import Path

from grader.box import Box
from grader.model import Level


def own(box: Box) -> set[int]:
    """The processes of a warm box: bubblewrap and the zygote; at the basic level it alone."""
    if box._process is None:
        return set()
    pid = box._process.pid
    return {pid, *children(pid)} if box.isolation.level is Level.STRICT else {pid}


def below(pid: int) -> list[int]:
    """Every process below one."""
    return [each for child in children(pid) for each in (child, *below(child))]


def children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def marked(mark: str) -> set[int]:
    """Processes but this one whose environment holds a mark, `NAME=value`."""
    numbers = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
    return {pid for pid in numbers - {os.getpid()} if mark.encode() in _environment(pid)}


def ended(pid: int, within_s: float = 10) -> bool:
    """Whether a process is gone, once one that is being killed had time to die."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    gone = bool(poll.poll(within_s * 1000))
    os.close(handle)
    return gone


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
