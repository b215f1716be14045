"""The first process in the box: forks one child per check, watches it, tells what it cost.

Theory of operation. The zygote imports torch once and runs no submission code and no tensor
operation. For each check it forks a child that takes the check's own limits and becomes a worker.
The zygote watches the child's memory, and at the end of the check kills and reaps whatever the
child left behind. In a pid namespace the zygote is process 1, which its children cannot signal;
it is not dumpable, so they cannot read it either.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import random
import resource
import select
import shutil
import signal
import socket
import sys
from typing import Any, NoReturn

import msgpack
import numpy as np
import torch

from grader.worker import Worker

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 4, 36, 1
WATCH_MS = 50


def main() -> NoReturn:
    """Serve the control socket whose number is the first argument; the second preloads training."""
    control = socket.socket(fileno=int(sys.argv[1]))
    torch.set_num_threads(1)
    _seed(0)  # imports numpy.random and wakes torch's generator, for 20 ms, once
    if sys.argv[2] == "trains":
        # The first optimizer.step() would import it otherwise, for two seconds.
        importlib.import_module("torch._dynamo")
    gc.collect()
    gc.freeze()  # so that no child copies our pages only to collect garbage
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # process 1 of a namespace then ignores its children
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    control.send(msgpack.packb({"ready": os.getpid()}))
    Zygote(control).serve()


class Zygote:
    """Forks one child at a time, watches it, and tells what it cost."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.child = 0
        self.memory_mb = 0
        self.peak_mb = 0.0
        self.over = False
        self.mounted = _temporary_entries()

    def serve(self) -> NoReturn:
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while True:
            if poll.poll(WATCH_MS if self.child else None):
                self._obey()
            if self.child:
                self._watch()

    def _obey(self) -> None:
        message, fds, _, _ = socket.recv_fds(self.control, 1 << 16, 1)
        if not message:
            self._kill()
            os._exit(0)
        order = msgpack.unpackb(message)
        if order["op"] == "fork":
            self._fork(socket.socket(fileno=fds[0]), order)
        else:
            self.control.send(msgpack.packb(self._end()))

    def _fork(self, sock: socket.socket, order: dict[str, Any]) -> None:
        self.memory_mb, self.peak_mb, self.over = order["memory_mb"], 0.0, False
        pid = os.fork()
        if pid == 0:
            self.control.close()
            _become_child(order)
            Worker(sock).serve()
        sock.close()
        self.child = pid

    def _watch(self) -> None:
        used = _memory_mb(_descendants())
        self.peak_mb = max(self.peak_mb, used)
        if used > self.memory_mb and not self.over:
            self.over = True
            self._kill()

    def _end(self) -> dict[str, Any]:
        """Kill and reap everything; say how the child ended and what it used."""
        self._kill()
        _, status, usage = os.wait4(self.child, 0)
        self.child = 0
        _reap()
        _remove(_temporary_entries() - self.mounted)
        return {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "over_memory": self.over,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": max(self.peak_mb, usage.ru_maxrss / 1024),
        }

    def _kill(self) -> None:
        # An exited child stays a zombie until wait4, so its facts are not lost by this.
        if os.getpid() == 1:
            _signal(-1)
        elif self.child:
            _signal(-self.child)
            for pid in _descendants():
                _signal(pid)


def _signal(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _reap() -> None:
    """Wait for orphans that came to us. As process 1 every process left is ours and dying."""
    try:
        while os.waitpid(-1, 0 if os.getpid() == 1 else os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _descendants() -> list[int]:
    """Process numbers of everything below the zygote."""
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


def _memory_mb(pids: list[int]) -> float:
    """Resident memory; several processes share pages, so those are counted by their share."""
    total = 0.0
    for pid in pids:
        try:
            total += _share_mb(pid) if len(pids) > 1 else _resident_mb(pid)
        except (OSError, ValueError):
            continue
    return total


def _resident_mb(pid: int) -> float:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


def _share_mb(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024
    except PermissionError:  # it made itself unreadable
        return _resident_mb(pid)


def _temporary_entries() -> set[str]:
    """What lies in the folders that a submission may write to."""
    folders = ("/tmp", "/dev/shm") if os.getpid() == 1 else (os.getcwd(),)
    return {os.path.join(folder, name) for folder in folders for name in os.listdir(folder)}


def _remove(paths: set[str]) -> None:
    """Nothing of one check is visible to the next. What cannot be removed ends the box."""
    try:
        for path in paths:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
    except (OSError, RecursionError):
        os._exit(1)


def _become_child(order: dict[str, Any]) -> None:
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_DUMPABLE, 1)
    memory = order["memory_mb"] << 20
    cpu = max(1, round(order["cpu_s"]))
    for what, soft, hard in (
        (resource.RLIMIT_DATA, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 2),
        (resource.RLIMIT_FSIZE, order["tmp_mb"] << 20, order["tmp_mb"] << 20),
        (resource.RLIMIT_NOFILE, 256, 256),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, order["processes"], order["processes"]),
    ):
        resource.setrlimit(what, (soft, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _seed(order["seed"])


def _seed(seed: int) -> None:
    """A fork shares the state of all generators with its parent, so each child sets them."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
